import type { Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';
import { reconnectDelayMs } from './place.ts';

export interface Listener {
  heard(message: string): void;
  /** What was published since may have been missed. */
  interrupted(): void;
}

/** What is told on a channel, as far as it can be heard. */
export interface Hearing {
  readonly channel: string;
  /** Whether everything that is published from now on will be heard, or its loss be noticed. */
  readonly stands: boolean;
  /** Connects, once; there is nothing to wait for. */
  begin(): void;
  /** Idempotent. */
  close(): void;
}

/** Gives what is told on channels to who listens; each is listened to once, and by name before anything begins. */
export interface Subscription {
  /** As who publishes on it must call it; nothing where nobody could hear. */
  channelOf(name: string): string;
  hear(channel: string, listener: Listener): Hearing;
}

/**
 * In a Cluster nothing is heard, and those who wait ask again and again: a message there goes round all nodes, and a
 * connection to one of them does not notice when it misses some.
 */
export const subscriptionOn = (client: RedisClient): Subscription =>
  isCluster(client) ? NOTHING : new Connected(client);

const NOTHING: Subscription = {
  channelOf: () => '',
  hear: () => ({ channel: '', stands: false, begin() {}, close() {} }),
};

/** On a connection of its own: one that subscribes is good for nothing else, and the app's client is not ours to subscribe on. */
class Connected implements Subscription {
  readonly #client: Redis;
  readonly #listeners = new Map<string, Listener>();
  #connection: Redis | undefined;
  #stands = false;
  #closed = false;

  constructor(client: Redis) {
    this.#client = client;
  }

  /** A client puts its own prefix before keys, but not before channels. */
  channelOf(name: string): string {
    return `${this.#client.options.keyPrefix ?? ''}${name}`;
  }

  hear(name: string, listener: Listener): Hearing {
    const channel = this.channelOf(name);
    this.#listeners.set(channel, listener);
    const stands = () => this.#stands && this.#listeners.has(channel);
    return {
      channel,
      get stands() {
        return stands();
      },
      begin: () => this.#begin(),
      close: () => this.#leave(channel),
    };
  }

  #begin(): void {
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
    connection.on('message', (channel: string, message: string) =>
      this.#listeners.get(channel)?.heard(message),
    );
  }

  #leave(channel: string): void {
    this.#listeners.delete(channel);
    if (this.#listeners.size > 0) return;
    this.#closed = true;
    this.#stands = false;
    this.#connection?.disconnect();
    this.#connection = undefined;
  }

  async #subscribe(connection: Redis): Promise<void> {
    try {
      await connection.subscribe(...this.#listeners.keys());
      this.#stands = connection.status === 'ready' && !this.#closed;
    } catch {
      // Refused, or cut off again: those who wait go on asking, and the next connection subscribes anew.
    }
  }

  #interrupt(): void {
    if (!this.#stands) return;
    this.#stands = false;
    for (const listener of this.#listeners.values()) listener.interrupted();
  }
}
