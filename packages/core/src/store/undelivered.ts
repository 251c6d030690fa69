import { NAMESPACE_TAG, type Tag } from '../tags.ts';

/** Undelivered tags kept one by one; past this they collapse into "everything". */
const MAX_TAGS = 10_000;

/** One tag that a store has to be told of. */
interface Word {
  /** Of those that it has not been told of. */
  readonly first: number;
  readonly last: number;
  /** All of it has been acknowledged once already. */
  readonly repeated: boolean;
}

/** What a shared store has not acknowledged yet. Every invalidation has a number, the later the higher. */
export class Undelivered {
  readonly #words = new Map<Tag, Word>();
  #last = 0;

  get size(): number {
    return this.#words.size;
  }

  /** The latest number. */
  get last(): number {
    return this.#last;
  }

  add(tags: Iterable<Tag>, repeated = false): void {
    this.#last += 1;
    for (const tag of tags) this.#add(tag, this.#words.get(tag)?.first ?? this.#last, repeated);
    if (this.#words.size <= MAX_TAGS) return;
    const first = Math.min(...[...this.#words.values()].map((word) => word.first));
    this.#words.clear();
    this.#add(NAMESPACE_TAG, first, false);
  }

  tags(): Tag[] {
    return [...this.#words.keys()];
  }

  /** The tags are acknowledged as far as number `upTo`. Gives those that never were before. */
  acknowledge(tags: readonly Tag[], upTo: number): Tag[] {
    const told = tags.filter((tag) => (this.#words.get(tag)?.first ?? Number.POSITIVE_INFINITY) <= upTo);
    const anew = told.filter((tag) => this.#words.get(tag)?.repeated === false);
    for (const tag of told) {
      const word = this.#words.get(tag)!;
      if (word.last <= upTo) this.#words.delete(tag);
      else this.#words.set(tag, { ...word, first: upTo + 1 });
    }
    return anew;
  }

  /** Whether anything that carries one of the tags may be out of date. */
  touches(tags: readonly Tag[]): boolean {
    if (this.#words.size === 0) return false;
    return this.#words.has(NAMESPACE_TAG) || tags.some((tag) => this.#words.has(tag));
  }

  /** Whether the store knows of the tags what number `upTo` and those before it said; others are others' affair. */
  isTold(tags: readonly Tag[], upTo: number): boolean {
    // They may have become part of everything.
    return [NAMESPACE_TAG, ...tags].every(
      (tag) => (this.#words.get(tag)?.first ?? Number.POSITIVE_INFINITY) > upTo,
    );
  }

  #add(tag: Tag, first: number, repeated: boolean): void {
    const before = this.#words.get(tag)?.repeated ?? true;
    this.#words.set(tag, { first, last: this.#last, repeated: repeated && before });
  }
}
