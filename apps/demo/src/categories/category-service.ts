import type { Larder } from '@larder/express';
import { tag } from '../tags.ts';
import type { Category, CategoryRepository } from './category-repository.ts';

/** Cached as a value, below HTTP: whoever in the app asks shares it. */
export class CategoryService {
  readonly #categories: CategoryRepository;
  readonly #larder: Larder;

  constructor(categories: CategoryRepository, larder: Larder) {
    this.#categories = categories;
    this.#larder = larder;
  }

  all(): Promise<Category[]> {
    const load = () => this.#categories.all();
    return this.#larder.cache.getOrSet(
      'categories',
      { ttl: 600, tags: [tag.catalogue, tag.categories] },
      load,
    );
  }
}
