import { isPattern, reachedBy } from '../pattern.ts';
import type { Tag } from '../tags.ts';

/** Tags remembered before the oldest memory is given up for a floor. */
const CAPACITY = 100_000;
/** Patterns remembered: they are looked through one by one. */
const MAX_PATTERNS = 1000;

interface Softening {
  readonly sequence: number;
  readonly at: number;
}

/** Which tags were invalidated in this process, in order. Forgetting can only make entries older than they are. */
export class Invalidations {
  #sequence = 0;
  #floor = 0;
  readonly #last = new Map<Tag, number>();
  /** The last of each tag: an entry's stale windows are counted from there. */
  readonly #softenings = new Map<Tag, Softening>();
  /** The last of each, the oldest first. */
  readonly #patterns = new Map<Tag, number>();
  #latestPattern = 0;
  /** Of the latest pattern that is forgotten. */
  #patternsFloor = 0;

  /** The moment now, to be compared with later. */
  get moment(): number {
    return this.#sequence;
  }

  mark(tags: readonly Tag[]): void {
    this.#begin(tags);
    for (const tag of tags) {
      this.#last.set(tag, this.#sequence);
      this.#softenings.delete(tag);
    }
    this.#remember(tags.filter(isPattern));
  }

  soften(tags: readonly Tag[], at: number): void {
    this.#begin(tags);
    for (const tag of tags) this.#softenings.set(tag, { sequence: this.#sequence, at });
    this.#remember(tags.filter(isPattern));
  }

  /** Whether any of the tags was invalidated after the moment, by its own name. */
  touched(tags: readonly Tag[], since: number): boolean {
    if (since < this.#floor) return true;
    return tags.some((tag) => (this.#last.get(tag) ?? 0) > since);
  }

  /** Whether any of the tags was invalidated after the moment, or a pattern that matches it. */
  overtaken(tags: readonly Tag[], since: number): boolean {
    if (this.touched(tags, since) || since < this.#patternsFloor) return true;
    if (since >= this.#latestPattern) return false;
    const later = [...this.#patterns].flatMap(([pattern, sequence]) => (sequence > since ? [pattern] : []));
    return tags.some(reachedBy(later));
  }

  /** Since when (epoch ms) what carries the tags is stale for invalidations after the moment; undefined for none. */
  softenedAt(tags: readonly Tag[], since: number): number | undefined {
    if (this.#softenings.size === 0) return undefined;
    const later = tags.flatMap((tag) => this.#softenings.get(tag) ?? []).filter((s) => s.sequence > since);
    return later.length === 0 ? undefined : Math.min(...later.map(({ at }) => at));
  }

  #remember(patterns: readonly Tag[]): void {
    for (const pattern of patterns) {
      this.#patterns.delete(pattern);
      this.#patterns.set(pattern, this.#sequence);
      this.#latestPattern = this.#sequence;
    }
    for (const [pattern, sequence] of this.#patterns) {
      if (this.#patterns.size <= MAX_PATTERNS) return;
      this.#patterns.delete(pattern);
      this.#patternsFloor = sequence;
    }
  }

  #begin(tags: readonly Tag[]): void {
    this.#sequence += 1;
    if (this.#last.size + this.#softenings.size + tags.length <= CAPACITY) return;
    this.#last.clear();
    this.#softenings.clear();
    this.#floor = this.#sequence;
  }
}
