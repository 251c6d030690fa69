import { type Clock, inTime, invalidOptions, storeFailed, storeSkipped } from '@larder/core';
import type { Redis } from 'ioredis';
import { isCluster, isOnline, type RedisClient } from './client.ts';
import { escaped } from './glob.ts';
import { isDenied } from './replies.ts';
import { SWEEP_RIGHTS } from './rights.ts';
import { nameOf } from './servers.ts';

/** Names that Redis looks at in one step; nobody waits behind more of them. */
const PAGE = 1000;
/** Attempts at a page, before the walk is given up. */
const TRIES = 3;
const PAUSE_MS = 100;
/** That one step of a walk may take: no request waits for it. */
export const STEP_MS = 2000;

export interface WalkParts {
  readonly client: RedisClient;
  readonly clock: Clock;
}

/** One page of names. */
export interface Page {
  readonly names: readonly string[];
  /** Names in all of the database that were looked at for it. */
  readonly looked: number;
}

/** Everything that Redis holds, on however many nodes. */
export class Walk {
  readonly #parts: WalkParts;

  constructor(parts: WalkParts) {
    this.#parts = parts;
  }

  /** How many names there are. */
  async size(): Promise<number> {
    const sizes = await Promise.all(this.#servers().map((server) => this.#ask(() => server.dbsize())));
    // Some clients are set to give numbers as texts.
    return sizes.reduce((sum, size) => sum + Number(size), 0);
  }

  /**
   * Names that match, page by page, never all at once. Every one that is there from beginning to end is found, if it
   * returns true; false where names may have gone round it, from one node to another, or a node was replaced.
   */
  async *pages(match: string, signal?: AbortSignal): AsyncGenerator<Page, boolean> {
    const { keyPrefix = '' } = this.#parts.client.options;
    const before = await this.#layout();
    if (before === undefined) throw storeFailed('scan', new Error('slots are on their way to another node'));
    const servers = this.#servers();
    let lost = false;
    const lose = () => {
      lost = true;
    };
    for (const server of servers) server.once('close', lose);
    try {
      for (const server of servers) {
        let cursor = '0';
        do {
          signal?.throwIfAborted();
          if (lost) return false;
          const from = cursor;
          const [next, names] = await this.#ask(() =>
            server.scan(from, 'MATCH', `${escaped(keyPrefix)}${match}`, 'COUNT', PAGE),
          );
          cursor = next;
          yield { names: names.map((name) => name.slice(keyPrefix.length)), looked: PAGE };
        } while (cursor !== '0');
      }
      return !lost && before === (await this.#layout());
    } finally {
      for (const server of servers) server.off('close', lose);
    }
  }

  #servers(): Redis[] {
    const { client } = this.#parts;
    if (!isOnline(client)) throw storeSkipped('offline');
    return isCluster(client) ? client.nodes('master') : [client];
  }

  /** Which node has which slots, by its own word; undefined while some are on their way to another. */
  async #layout(): Promise<string | undefined> {
    const { client } = this.#parts;
    if (!isCluster(client)) return '';
    const lines = await Promise.all(
      this.#servers().map((server) => this.#ask(async () => ownLine(String(await server.cluster('NODES'))))),
    );
    // All slots that are served are to be walked over: those of a node that the client does not know are not.
    const slots = new Set(client.slots.flatMap((names) => names?.[0] ?? []));
    const known = new Set(this.#servers().map(nameOf));
    if (![...slots].every((name) => known.has(name)) || lines.some(isMoving)) return undefined;
    return lines.sort().join('\n');
  }

  /** Not by the breaker of requests: a walk is none of them, and what it fails by says nothing of what they ask. */
  async #ask<T>(command: () => Promise<T>): Promise<T> {
    const { clock } = this.#parts;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inTime(clock, STEP_MS, command());
      } catch (error) {
        if (isDenied(error))
          throw invalidOptions('redisTier', error.message, `allow the user ${SWEEP_RIGHTS}`);
        if (attempt === TRIES) throw storeFailed('scan', error);
      }
      await new Promise<void>((resolve) => {
        clock.after(PAUSE_MS, resolve);
      });
    }
  }
}

/** `<id> <flags> <slots…>` */
function ownLine(nodes: string): string {
  const line = nodes.split('\n').find((one) => one.includes('myself')) ?? '';
  // <id> <address> <flags> <primary> <ping> <pong> <epoch> <link> <slots…>
  const [id, , flags, , , , , , ...slots] = line.trim().split(' ');
  return [id, flags, ...slots].join(' ');
}

/** `[slot->-node]` and `[slot-<-node]` are slots on their way. */
const isMoving = (line: string): boolean => !line.includes('master') || line.includes('[');
