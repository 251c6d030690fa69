import type { Clock } from '../clock.ts';
import { NAMESPACE_TAG, type Tag } from '../tags.ts';

/** How long an acknowledged invalidation is remembered: longer than servers take to agree who of them is the primary. */
const REMEMBERED_MS = 60_000;
/** Tags remembered one by one; past this they collapse into "everything". */
const MAX_TAGS_REMEMBERED = 10_000;

/** Invalidations that a server has acknowledged, and may have forgotten if another one takes its place. */
export class Recent {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #sentAtMs = new Map<Tag, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(tags: Iterable<Tag>): void {
    this.#forget();
    const nowMs = this.#clock.monotonicMs();
    for (const tag of tags) {
      this.#sentAtMs.delete(tag);
      this.#sentAtMs.set(tag, nowMs);
    }
    if (this.#sentAtMs.size <= MAX_TAGS_REMEMBERED) return;
    this.#sentAtMs.clear();
    this.#sentAtMs.set(NAMESPACE_TAG, nowMs);
  }

  tags(): Tag[] {
    this.#forget();
    return [...this.#sentAtMs.keys()];
  }

  #forget(): void {
    const untilMs = this.#clock.monotonicMs() - REMEMBERED_MS;
    for (const [tag, sentAtMs] of this.#sentAtMs) {
      if (sentAtMs > untilMs) return;
      this.#sentAtMs.delete(tag);
    }
  }
}
