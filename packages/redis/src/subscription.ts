import type { Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';
import { reconnectDelayMs } from './place.ts';

export interface Listener {
  heard(message: string): void;
  /** What was published since may have been missed. */
  interrupted(): void;
}

/** What is told to those who wait, as far as it can be heard. */
export interface Hearing {
  readonly channel: string;
  /** Whether everything that is published from now on will be heard, or its loss be noticed. */
  readonly stands: boolean;
  /** Connects, once; there is nothing to wait for. */
  begin(): void;
  /** Idempotent. */
  close(): void;
}

/**
 * In a Cluster nothing is heard, and those who wait ask again and again: a message there goes round all nodes, and a
 * connection to one of them does not notice when it misses some.
 */
export function hearing(client: RedisClient, endings: string, listener: Listener): Hearing {
  // A client puts its own prefix before keys, but not before channels.
  const channel = `${client.options.keyPrefix ?? ''}${endings}`;
  if (isCluster(client)) return { channel, stands: false, begin() {}, close() {} };
  return new Subscription(client, channel, listener);
}

/**
 * One channel, heard on a connection of its own: a connection that subscribes is good for nothing else, and the
 * app's client is not ours to subscribe on.
 */
class Subscription implements Hearing {
  readonly #client: Redis;
  readonly channel: string;
  readonly #listener: Listener;
  #connection: Redis | undefined;
  #stands = false;
  #closed = false;

  constructor(client: Redis, channel: string, listener: Listener) {
    this.#client = client;
    this.channel = channel;
    this.#listener = listener;
  }

  get stands(): boolean {
    return this.#stands;
  }

  begin(): void {
    if (this.#connection !== undefined || this.#closed) return;
    const connection = this.#client.duplicate({
      lazyConnect: false,
      // ioredis would subscribe again by itself, but lets a failure of that go unhandled, which ends the process.
      autoResubscribe: false,
      autoResendUnfulfilledCommands: false,
      enableOfflineQueue: false,
      maxRetriesPerRequest: null,
      commandTimeout: undefined,
      socketTimeout: undefined,
      reconnectOnError: null,
      retryStrategy: reconnectDelayMs,
    });
    this.#connection = connection;
    // Without a listener ioredis prints every failed attempt.
    connection.on('error', () => {});
    connection.on('ready', () => void this.#subscribe(connection));
    connection.on('close', () => this.#interrupt());
    connection.on('message', (_channel: string, message: string) => this.#listener.heard(message));
  }

  close(): void {
    this.#closed = true;
    this.#stands = false;
    this.#connection?.disconnect();
    this.#connection = undefined;
  }

  async #subscribe(connection: Redis): Promise<void> {
    try {
      await connection.subscribe(this.channel);
      this.#stands = connection.status === 'ready' && !this.#closed;
    } catch {
      // Refused, or cut off again: those who wait go on asking, and the next connection subscribes anew.
    }
  }

  #interrupt(): void {
    if (!this.#stands) return;
    this.#stands = false;
    this.#listener.interrupted();
  }
}
