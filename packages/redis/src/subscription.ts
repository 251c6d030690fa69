import type { Redis } from 'ioredis';
import { type RedisClient, reconnectDelayMs } from './client.ts';

export interface Listener {
  heard(message: string): void;
  /** What was published since may have been missed. */
  interrupted(): void;
}

/**
 * One channel, heard on a connection of its own: a connection that subscribes is good for nothing else, and the
 * app's client is not ours to subscribe on.
 */
export class Subscription {
  readonly #client: RedisClient;
  readonly #channel: string;
  readonly #listener: Listener;
  #connection: Redis | undefined;
  #stands = false;
  #closed = false;

  constructor(client: RedisClient, channel: string, listener: Listener) {
    this.#client = client;
    this.#channel = channel;
    this.#listener = listener;
  }

  /** Whether everything that is published from now on will be heard, or its loss be noticed. */
  get stands(): boolean {
    return this.#stands;
  }

  /** Connects, once; there is nothing to wait for. */
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

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#stands = false;
    this.#connection?.disconnect();
    this.#connection = undefined;
  }

  async #subscribe(connection: Redis): Promise<void> {
    try {
      await connection.subscribe(this.#channel);
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
