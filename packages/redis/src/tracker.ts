import { aside, type Clock, type Lease } from '@larder/core';
import type { Redis } from 'ioredis';
import { type Changed, Held } from './held.ts';
import { reconnectDelayMs } from './place.ts';
import { onReplaced } from './replaced.ts';
import { isDenied, isOutage } from './replies.ts';
import { breakSilence } from './silence.ts';

export interface TrackerParts {
  readonly client: Redis;
  /** What those names begin with that are to be heard of, as they are in Redis. */
  readonly prefixes: readonly string[];
  readonly clock: Clock;
  readonly lagMs: number;
  /** Told the names of what was changed. */
  readonly heard: (names: readonly string[]) => void;
  /** Told where Redis does not allow it, or does not know it. */
  readonly refused: (error: Error) => void;
  readonly changed: Changed;
}

/** Where Redis tells those who do not speak RESP3. */
const CHANNEL = '__redis__:invalidate';
/** PINGs in the time of one lag: an answer may be late. */
const PINGS = 3;
const OPTIONS = {
  // In RESP3 ioredis drops what is told of changes.
  protocol: 2,
  replyMapping: undefined,
  lazyConnect: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: undefined,
  socketTimeout: undefined,
  reconnectOnError: null,
  retryStrategy: reconnectDelayMs,
};
let sessions = 0;

/**
 * Hears from Redis of every change to what begins with some prefixes, whoever makes it. What was acknowledged to others
 * before a PING was sent is told before its answer, so that the lease counts from there: a connection that hangs says
 * nothing, and that is how it is noticed.
 */
export class Tracker implements Pick<Lease, 'session' | 'untilMs'> {
  readonly #parts: TrackerParts;
  readonly #held: Held;
  #session: string | undefined;
  #begun = false;
  #cancelNext = () => {};
  #release = () => {};

  constructor(parts: TrackerParts) {
    this.#parts = parts;
    this.#held = new Held(parts.clock, parts.changed);
  }

  get session(): string | undefined {
    if (!this.#begun) aside(() => this.#begin());
    return this.#session;
  }

  get untilMs(): number {
    return this.#held.untilMs;
  }

  close(): void {
    this.#begun = true;
    this.#end();
    this.#held.close();
    this.#release();
  }

  #begin(): void {
    this.#begun = true;
    const { client } = this.#parts;
    const connection = client.duplicate(OPTIONS);
    // Without a listener ioredis prints every failed attempt.
    connection.on('error', () => {});
    connection.on('ready', () => void this.#arm(connection));
    connection.on('close', () => this.#end());
    connection.on('messageBuffer', (_, names: unknown) => this.#hear(names as readonly Buffer[] | null));
    const stopLooking = breakSilence(connection);
    // Who was connected to a server that is a replica now would hear of what is done at another one late, or never.
    const stopListening = onReplaced(client, () => connection.disconnect(true));
    this.#release = () => {
      stopLooking();
      stopListening();
      connection.disconnect();
    };
  }

  async #arm(connection: Redis): Promise<void> {
    const { prefixes, refused } = this.#parts;
    const wanted = prefixes.flatMap((prefix) => ['PREFIX', prefix]);
    try {
      const id = await connection.client('ID');
      await connection.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', ...wanted);
      await connection.subscribe(CHANNEL);
    } catch (error) {
      // Cut off again, it is tried anew on the next connection.
      if (isDenied(error) || !isOutage(error)) refused(error as Error);
      return;
    }
    if (connection.status !== 'ready') return;
    this.#startSession();
    this.#ping(connection);
  }

  #startSession(): void {
    sessions += 1;
    this.#session = String(sessions);
  }

  #ping(connection: Redis): void {
    const { clock, lagMs } = this.#parts;
    const sentMs = clock.monotonicMs();
    const answered = () => this.#session !== undefined && this.#held.until(sentMs + lagMs);
    connection.ping().then(answered, () => {});
    this.#cancelNext = clock.after(lagMs / PINGS, () => this.#ping(connection));
  }

  /** Nothing in place of names: everything was deleted. */
  #hear(names: readonly Buffer[] | null): void {
    if (names !== null) this.#parts.heard(names.map(String));
    else if (this.#session !== undefined) this.#startSession();
  }

  #end(): void {
    this.#session = undefined;
    this.#cancelNext();
  }
}
