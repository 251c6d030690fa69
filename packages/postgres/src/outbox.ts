import { type Cache, invalidOptions, userTags } from '@larder/core';
import type { Pool } from 'pg';
import { namespaceIn } from './checks.ts';
import { deliverAll } from './delivery.ts';
import { Listener } from './listener.ts';
import { type OutboxOptions, type ResolvedOutbox, resolveOutbox } from './outbox-options.ts';
import {
  census,
  insertion,
  limited,
  notification,
  type Queryable,
  removal,
  type Tags,
} from './outbox-table.ts';
import { Rounds } from './rounds.ts';

export interface RecordOptions {
  /** Default: that of the one cache. */
  readonly namespace?: string;
}

export interface Waiting {
  readonly rows: number;
  readonly oldestSeconds: number;
}

/** How long `close` waits for what is under way. */
const CLOSING_MS = 10_000;

/**
 * Opens the outbox: from now on this process delivers what waits there, and what anybody records, to its caches.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export const createOutbox = (pool: Pool, options: OutboxOptions): Outbox =>
  new Outbox(resolveOutbox(pool, options));

/** Invalidations that are part of a transaction: recorded in it, and delivered after it by whichever process is there. */
export class Outbox {
  readonly #options: ResolvedOutbox;
  readonly #rounds: Rounds;
  readonly #listener: Listener | undefined;
  readonly #forgetting = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedOutbox) {
    const { pool, caches, clock, pollMs, listen } = options;
    this.#options = options;
    const delivering = { ...options, refused: (error: unknown, cache: Cache) => this.#tell(error, [cache]) };
    this.#rounds = new Rounds(clock, pollMs, (goesOn) => deliverAll(delivering, goesOn), this.#failed);
    // Connections of the pool that our queries have made may be lost while nobody uses them.
    pool.on('error', this.#failed);
    if (caches.size === 0) return;
    this.#rounds.wake();
    if (listen === false) return;
    const heard = (namespace: string | undefined) => {
      if (namespace === undefined || caches.has(namespace)) this.#rounds.wake();
    };
    this.#listener = new Listener({ place: listen, clock, heard, failed: this.#failed });
  }

  /**
   * Records that the transaction of `tx` makes the tags out of date. They are invalidated once it has committed.
   * @throws LarderError `LARDER_INVALID_TAG`, `LARDER_INVALID_OPTIONS`; and what `tx` throws
   */
  async record(tx: Queryable, tags: string | readonly string[], options: RecordOptions = {}): Promise<void> {
    userTags(tags);
    await this.#record(tx, options, typeof tags === 'string' ? [tags] : tags);
  }

  /** The same of everything in the namespace. */
  async recordAll(tx: Queryable, options: RecordOptions = {}): Promise<void> {
    await this.#record(tx, options, null);
  }

  /**
   * Records what its own process is going to invalidate after the commit. Nobody is told of it; whoever looks finds
   * what was not forgotten. Gives the rows' ids.
   */
  async recordQuietly(tx: Queryable, namespace: string, groups: readonly Tags[]): Promise<string[]> {
    const ids: string[] = [];
    for (const tags of groups) {
      const { rows } = (await tx.query(insertion(this.#options.table), [namespace, tags])) as {
        rows: { id: string }[];
      };
      ids.push(...rows.map(({ id }) => id));
    }
    return ids;
  }

  /** Takes out what has been delivered already. Nobody waits for it: what stays is delivered once more. */
  forget(namespace: string, ids: readonly string[]): void {
    if (ids.length === 0) return;
    const { pool, table } = this.#options;
    const forgetting: Promise<unknown> = pool
      .query(limited(removal(table), [namespace, ids]))
      .catch(this.#failed)
      .finally(() => this.#forgetting.delete(forgetting));
    this.#forgetting.add(forgetting);
  }

  /** What nobody has delivered yet, of all namespaces: there may be one that no process has a cache for. */
  async waiting(): Promise<Waiting> {
    const { pool, table } = this.#options;
    const { rows } = await pool.query<Waiting>(limited(census(table)));
    return rows[0]!;
  }

  /** Delivers nothing more, and waits for the delivery under way. Idempotent; pool and caches stay open. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { pool, clock } = this.#options;
    this.#listener?.close();
    let cancel = () => {};
    const timeUp = new Promise<void>((resolve) => {
      cancel = clock.after(CLOSING_MS, resolve);
    });
    await Promise.race([Promise.all([this.#rounds.close(), ...this.#forgetting]), timeUp]);
    cancel();
    pool.off('error', this.#failed);
  }

  async #record(tx: Queryable, options: RecordOptions, tags: Tags): Promise<void> {
    const { caches, table } = this.#options;
    const namespace = namespaceFor(options, caches);
    await tx.query(insertion(table), [namespace, tags]);
    await tx.query(notification(), [namespace]);
  }

  readonly #failed = (error: unknown): void => this.#tell(error, this.#options.caches.values());

  #tell(error: unknown, caches: Iterable<Cache>): void {
    for (const { namespace, observe } of caches)
      observe({ type: 'error', namespace, doing: 'deliver from the outbox', error });
    try {
      this.#options.onError(error);
    } catch {
      // Telling it of its own failure would only repeat it.
    }
  }
}

function namespaceFor({ namespace }: RecordOptions, caches: ReadonlyMap<string, Cache>): string {
  if (namespace !== undefined) return namespaceIn('namespace', namespace);
  const [only, ...others] = caches.keys();
  if (only === undefined || others.length > 0)
    throw invalidOptions('namespace', undefined, 'name it where the outbox has not exactly one cache');
  return only;
}
