import type { Larder } from '@larder/express';
import { policies } from '../cache.ts';
import { tag } from '../tags.ts';
import type { Category, CategoryRepository } from './category-repository.ts';

const KEY = 'categories';
const KEPT = { ...policies.categories, tags: [tag.catalogue, tag.categories] };

/** Cached as a value, below HTTP: whoever in the app asks shares it. */
export class CategoryService {
  readonly #categories: CategoryRepository;
  readonly #larder: Larder;
  readonly #load = () => this.#categories.all();

  constructor(categories: CategoryRepository, larder: Larder) {
    this.#categories = categories;
    this.#larder = larder;
  }

  all(): Promise<Category[]> {
    return this.#larder.cache.getOrSet(KEY, KEPT, this.#load);
  }

  /** Looks after them from now on, so that nobody waits for them: one of the processes does, until the cache closes. */
  keepAhead(): void {
    this.#larder.cache.refreshAhead(KEY, KEPT, this.#load);
  }
}
