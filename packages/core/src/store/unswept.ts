import { reachedBy } from '../pattern.ts';
import type { Tag } from '../tags.ts';

/** Sweeps that nobody is at; past this they collapse into everything. */
const MAX_PATTERNS = 100;

/** What a shared store has not been swept of yet. Every sweep has a number, the later the higher. */
export class Unswept {
  /** Of each pattern, the sweeps that are not done; true where they have failed. */
  readonly #sweeps = new Map<Tag, Map<number, boolean>>();
  #last = 0;
  #reaches: ((tag: Tag) => boolean) | undefined;

  /** Patterns that nobody is at. */
  get left(): readonly Tag[] {
    return [...this.#sweeps].flatMap(([pattern, sweeps]) =>
      [...sweeps.values()].includes(true) ? pattern : [],
    );
  }

  /** A sweep begins: its number. */
  begin(pattern: Tag): number {
    this.#last += 1;
    this.#set(pattern, new Map(this.#sweeps.get(pattern)).set(this.#last, false));
    return this.#last;
  }

  /** It has to be done by somebody else. False where there are too many of them, and all are forgotten. */
  failed(pattern: Tag, sweep: number): boolean {
    this.#sweeps.get(pattern)?.set(sweep, true);
    const { left } = this;
    if (left.length <= MAX_PATTERNS) return true;
    for (const one of left) this.#set(one, new Map());
    return false;
  }

  /** Nobody wants it any more. */
  drop(pattern: Tag, sweep: number): void {
    const sweeps = new Map(this.#sweeps.get(pattern));
    sweeps.delete(sweep);
    this.#set(pattern, sweeps);
  }

  /** It is done, and with it all that were begun before it. */
  done(pattern: Tag, sweep: number): void {
    const later = [...(this.#sweeps.get(pattern) ?? [])].filter(([number]) => number > sweep);
    this.#set(pattern, new Map(later));
  }

  /** Whether anything that carries one of the tags may be out of date. */
  touches(tags: readonly Tag[]): boolean {
    if (this.#sweeps.size === 0) return false;
    this.#reaches ??= reachedBy([...this.#sweeps.keys()]);
    return tags.some(this.#reaches);
  }

  #set(pattern: Tag, sweeps: Map<number, boolean>): void {
    this.#reaches = undefined;
    if (sweeps.size === 0) this.#sweeps.delete(pattern);
    else this.#sweeps.set(pattern, sweeps);
  }
}
