import { MAX_TAGS, NAMESPACE_TAG, type Tag, userTags } from '@larder/core';
import { transactionOver } from './errors.ts';
import type { Tags } from './outbox-table.ts';

/** What a transaction has named as out of date so far. */
export class NamedTags {
  readonly #tags = new Set<string>();
  #everything = false;
  #over = false;

  /** @throws LarderError `LARDER_INVALID_TAG`, `LARDER_TRANSACTION_OVER` */
  readonly add = (tags: string | readonly string[]): void => {
    this.#refuseLate();
    userTags(tags);
    for (const tag of typeof tags === 'string' ? [tags] : tags) this.#tags.add(tag);
  };

  /** @throws LarderError `LARDER_TRANSACTION_OVER` */
  readonly addEverything = (): void => {
    this.#refuseLate();
    this.#everything = true;
  };

  /** Nothing can be named any more: it would be forgotten. */
  end(): void {
    this.#over = true;
  }

  /** As many as one row or one call may have. */
  groups(): Tags[] {
    if (this.#everything) return [null];
    const tags = [...this.#tags];
    return Array.from({ length: Math.ceil(tags.length / MAX_TAGS) }, (_, i) =>
      tags.slice(i * MAX_TAGS, (i + 1) * MAX_TAGS),
    );
  }

  /** In the form stores see them. */
  tags(): Tag[] {
    return this.groups().flatMap((group) => (group === null ? [NAMESPACE_TAG] : userTags(group)));
  }

  #refuseLate(): void {
    if (this.#over) throw transactionOver();
  }
}
