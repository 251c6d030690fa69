import { targetUri } from './http/message.ts';
import type { Wanted } from './lookup.ts';
import type { Snapshot, Store } from './store/store.ts';
import { type Tag, uriTag, writeTag } from './tags.ts';

/**
 * A write whose response is to be stored, among the other writes of its URI: of two at a time neither response knows
 * what the other leaves behind.
 */
export class Write {
  /** What was looked for, with the tag by which writes of the URI hear of each other. */
  readonly wanted: Wanted;
  readonly #store: Store;
  readonly #before: Snapshot;
  #told = false;

  private constructor(store: Store, wanted: Wanted, before: Snapshot) {
    this.#store = store;
    this.wanted = wanted;
    this.#before = before;
  }

  static async begin(store: Store, { head, key, tags }: Wanted): Promise<Write> {
    const writes = writeTag(targetUri(head));
    const wanted = { head, key, tags: [...tags, writes] };
    // This one tells those under way, and they it.
    await store.invalidate([writes]);
    return new Write(store, wanted, await store.snapshot(wanted.tags, key));
  }

  get snapshot(): Snapshot {
    return this.#before;
  }

  /**
   * A snapshot that its own invalidation of its target has not overtaken, if nobody else has written meanwhile. The
   * new one first, so that there is no time in between.
   */
  async snapshotAfter(tags: readonly Tag[]): Promise<Snapshot | undefined> {
    const own = uriTag(targetUri(this.wanted.head));
    const after = await this.#store.snapshot(tags, this.wanted.key);
    const alone = await this.#before.stands(tags.filter((tag) => tag !== own));
    return alone ? after : undefined;
  }

  /** What this wrote is in none of the responses that others are making of the same URI; stored, it is known as it is. */
  over(stored: boolean): void {
    if (this.#told) return;
    this.#told = true;
    if (!stored) this.#store.invalidate([writeTag(targetUri(this.wanted.head))]).catch(() => {});
  }
}
