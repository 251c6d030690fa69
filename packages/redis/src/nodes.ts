import { Breaker, type BreakerSettings, type Clock, type Observer } from '@larder/core';
import slotOf from 'cluster-key-slot';
import type { Redis } from 'ioredis';
import { isCluster, type RedisClient } from './client.ts';
import { isDenied, isOutage } from './replies.ts';
import { eachServer, nameOf } from './servers.ts';
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
  /** Of servers that are gone too: they may come back, time after time. */
  readonly #breakers = new Map<string, Breaker>();
  /** Hears of nothing any more. */
  readonly close: () => void;

  constructor(client: RedisClient, context: NodesContext) {
    this.#client = client;
    this.#context = context;
    this.close = eachServer(client, (server, name) => this.#watch(server, name));
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

  #watch(server: Redis, node: string): () => void {
    const { namespace, tier, observe } = this.#context;
    const tell = (state: 'ready' | 'lost') => observe({ type: 'connection', namespace, tier, node, state });
    let stood = false;
    const ready = () => {
      stood = true;
      tell('ready');
      // Whatever was wrong, it was on the connection before.
      this.#breakers.get(node)?.tryAgain();
    };
    const close = () => {
      if (stood) tell('lost');
      stood = false;
    };
    server.on('ready', ready);
    server.on('close', close);
    if (server.status === 'ready') ready();
    return () => {
      server.off('ready', ready);
      server.off('close', close);
      close();
    };
  }
}
