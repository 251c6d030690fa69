import { Breaker, type BreakerSettings, type Clock, type Observer } from '@larder/core';
import slotOf from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';
import { isDenied, isOutage } from './replies.ts';
import { warnOnce } from './warn.ts';

export interface NodesContext {
  readonly namespace: string;
  readonly tier: string;
  readonly clock: Clock;
  readonly observe: Observer;
  readonly breaker: BreakerSettings;
  readonly deadlineMs: number;
}

/** The servers behind a client: which one a key is on, whether it is worth asking, how its connection is. */
export class Nodes {
  readonly #client: RedisClient;
  readonly #context: NodesContext;
  readonly #breakers = new Map<string, Breaker>();
  readonly #unwatch: (() => void)[] = [];

  constructor(client: RedisClient, context: NodesContext) {
    this.#client = client;
    this.#context = context;
    for (const node of isCluster(client) ? client.nodes('all') : [client]) this.#watch(node);
    if (!isCluster(client)) return;
    this.#on(client, '+node', (node: Redis) => this.#watch(node));
    this.#on(client, '-node', (node: Redis) => this.#breakers.delete(nameOf(node)));
  }

  /** What a node is called, to tell it from others; of keys whose node is not known, one for all. */
  of(key: string): string {
    const client = this.#client;
    if (!isCluster(client)) return nameOf(client);
    return client.slots[slotOf(`${client.options.keyPrefix ?? ''}${key}`)]?.[0] ?? 'unknown';
  }

  breaker(node: string): Breaker {
    const known = this.#breakers.get(node);
    if (known !== undefined) return known;
    const { namespace, tier, observe, clock, deadlineMs, breaker: settings } = this.#context;
    const breaker = new Breaker({
      ...settings,
      clock,
      deadlineMs,
      isOutage,
      changed: (state) => observe({ type: 'breaker', namespace, tier, node, state }),
    });
    this.#breakers.set(node, breaker);
    return breaker;
  }

  /** Tells an operator, once, of what nobody else can mend. */
  failed(error: unknown): void {
    if (!isDenied(error)) return;
    const { namespace } = this.#context;
    warnOnce(
      this.#client,
      'LARDER_REDIS_DENIED',
      `Redis refuses the cache "${namespace}" (${error.message}): requests are answered without it. Check user, password and ACL.`,
    );
  }

  /** Hears of nothing any more; connections are their owner's. */
  close(): void {
    for (const stop of this.#unwatch.splice(0)) stop();
  }

  #watch(node: Redis): void {
    const { namespace, tier, observe } = this.#context;
    const name = nameOf(node);
    let ready = false;
    const tell = (state: 'ready' | 'lost') =>
      observe({ type: 'connection', namespace, tier, node: name, state });
    const stands = () => {
      ready = true;
      tell('ready');
      // Whatever was wrong, it was on the connection before.
      this.#breakers.get(name)?.tryAgain();
    };
    this.#on(node, 'ready', stands);
    this.#on(node, 'close', () => {
      if (ready) tell('lost');
      ready = false;
    });
    this.#on(node, 'error', (error: unknown) => this.failed(error));
    if (node.status === 'ready') stands();
  }

  #on(on: RedisClient, event: string, listener: (...args: never[]) => void): void {
    const heard = listener as (...args: unknown[]) => void;
    on.on(event, heard);
    this.#unwatch.push(() => on.off(event, heard));
  }
}

const nameOf = ({ options: { sentinels, name, path, host, port } }: Redis): string =>
  sentinels ? (name ?? 'sentinel') : (path ?? `${host}:${port}`);
