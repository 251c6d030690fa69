import type { Tag } from '../tags.ts';

/** Tags remembered before the oldest memory is given up for a floor. */
const CAPACITY = 100_000;

/** Which tags were invalidated in this process, in order. Forgetting can only make entries older than they are. */
export class Invalidations {
  #sequence = 0;
  #floor = 0;
  readonly #last = new Map<Tag, number>();

  /** The moment now, to be compared with later. */
  get moment(): number {
    return this.#sequence;
  }

  mark(tags: readonly Tag[]): void {
    this.#sequence += 1;
    if (this.#last.size + tags.length > CAPACITY) {
      this.#last.clear();
      this.#floor = this.#sequence;
    }
    for (const tag of tags) this.#last.set(tag, this.#sequence);
  }

  /** Whether any of the tags was invalidated after the moment. */
  touched(tags: readonly Tag[], since: number): boolean {
    if (since < this.#floor) return true;
    return tags.some((tag) => (this.#last.get(tag) ?? 0) > since);
  }
}
