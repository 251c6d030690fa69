import { randomBytes } from 'node:crypto';
import {
  type CacheKey,
  type Clock,
  ENDINGS,
  type Ending,
  type Grant,
  type Hold,
  type Lock,
} from '@larder/core';
import type { RedisKeys } from './keys.ts';
import type { Link } from './link.ts';
import { run, scripts } from './scripts.ts';
import type { Hearing, Subscription } from './subscription.ts';
import { type Waiter, Waiters } from './waiters.ts';

/** How often to look while nothing can be heard. */
const POLL_MS = 100;
/** Redis counts whole milliseconds, and a timer may be early by one. */
const MARGIN_MS = 5;

/**
 * A key each that runs out by itself, with the token of its holder. Its release is published on the namespace's
 * one channel, and only if somebody waits. A word that is lost costs those who wait the rest of the holder's time.
 */
export class RedisLock implements Lock {
  readonly #link: Link;
  readonly #keys: RedisKeys;
  readonly #waiters: Waiters;
  readonly #hearing: Hearing;

  constructor(link: Link, keys: RedisKeys, clock: Clock, subscription: Subscription) {
    this.#link = link;
    this.#keys = keys;
    this.#waiters = new Waiters(clock);
    this.#hearing = subscription.hear(keys.endings, {
      heard: (message) => this.#heard(message),
      interrupted: () => this.#waiters.wakeAll(),
    });
  }

  async acquire(key: CacheKey, ttlMs: number): Promise<Grant> {
    this.#hearing.begin();
    const name = this.#keys.lock(key);
    const token = randomBytes(16).toString('base64url');
    // Both before the key is asked for: a release that comes right behind the answer is heard already.
    const hearing = this.#hearing.stands;
    const waiter = this.#waiters.add(name);
    try {
      const leftMs = Number(await run(this.#link, scripts.acquire, [name], [token, wholeMs(ttlMs)]));
      if (leftMs > 0) return taken(waiter, leftMs + MARGIN_MS, hearing);
    } catch (error) {
      waiter.wake(undefined);
      // What was given up may have been sent, and would hold the key for nobody.
      this.#release(name, token, 'lost').catch(() => {});
      throw error;
    }
    waiter.wake(undefined);
    return this.#hold(name, token);
  }

  async close(): Promise<void> {
    this.#hearing.close();
    this.#waiters.wakeAll();
  }

  #hold(name: string, token: string): Hold {
    return {
      kind: 'held',
      extend: async (ttlMs) =>
        Number(await run(this.#link, scripts.extend, [name], [token, wholeMs(ttlMs)])) === 1,
      release: (ending) => this.#release(name, token, ending),
    };
  }

  async #release(name: string, token: string, ending: Ending): Promise<void> {
    const { channel } = this.#hearing;
    await run(this.#link, scripts.release, [name], [token, channel, `${name} ${ending}`]);
  }

  #heard(message: string): void {
    const [name = '', word] = message.split(' ');
    this.#waiters.wake(
      name,
      ENDINGS.find((ending) => ending === word),
    );
  }
}

function taken(waiter: Waiter, leftMs: number, hearing: boolean): Grant {
  waiter.wakeIn(leftMs);
  return {
    kind: 'taken',
    freed(ms) {
      waiter.wakeIn(hearing ? ms : Math.min(ms, POLL_MS));
      return waiter.woken;
    },
  };
}

const wholeMs = (ms: number): number => Math.max(1, Math.ceil(ms));
