import type { Request, RequestHandler } from 'express';
import type { Product } from './product.ts';
import type { WayName } from './ways.ts';

const TTL_SECONDS = 60;

type Load = (id: string) => Promise<Product>;

const idOf = (req: Request): string => String(req.params.id);

const answer =
  (get: Load): RequestHandler =>
  async (req, res) =>
    void res.json(await get(idOf(req)));

/**
 * What stands at the route, each as the package's own documentation sets it up. Imported when it is asked for: a
 * process has the memory of its own way only.
 */
export const ROUTES: Record<WayName, (load: Load, redisUrl: string) => Promise<RequestHandler[]>> = {
  none: async (load) => [answer(load)],

  larder: async (load, redisUrl) => {
    const [{ createLarder }, { redisTier }] = await Promise.all([
      import('@larder/express'),
      import('@larder/redis'),
    ]);
    const { cacheResponse } = createLarder({ namespace: 'stampede', redis: redisTier(redisUrl) });
    return [cacheResponse({ ttl: TTL_SECONDS }), answer(load)];
  },

  'larder-memory': async (load) => {
    const { createLarder } = await import('@larder/express');
    return [createLarder({ namespace: 'stampede' }).cacheResponse({ ttl: TTL_SECONDS }), answer(load)];
  },

  bentocache: async (load, redisUrl) => {
    const { BentoCache, bentostore } = await import('bentocache');
    const { memoryDriver } = await import('bentocache/drivers/memory');
    const { redisBusDriver, redisDriver } = await import('bentocache/drivers/redis');
    const { Redis } = await import('ioredis');
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxSize: '10mb' }))
      .useL2Layer(redisDriver({ connection: new Redis(redisUrl) }))
      .useBus(redisBusDriver({ connection: new Redis(redisUrl) }));
    const bento = new BentoCache({ default: 'tiers', stores: { tiers: store } });
    return [answer((id) => bento.getOrSet({ key: id, ttl: `${TTL_SECONDS}s`, factory: () => load(id) }))];
  },

  'async-cache-dedupe': async (load, redisUrl) => {
    const { createCache } = await import('async-cache-dedupe');
    const { Redis } = await import('ioredis');
    const client = new Redis(redisUrl);
    const cache = createCache({ ttl: TTL_SECONDS, storage: { type: 'redis', options: { client } } });
    return [answer(cache.define('product', load).product)];
  },

  cacheable: async (load, redisUrl) => {
    const { Cacheable } = await import('cacheable');
    const { default: KeyvRedis } = await import('@keyv/redis');
    const cache = new Cacheable({ secondary: new KeyvRedis(redisUrl), ttl: `${TTL_SECONDS}s` });
    return [
      answer(async (id) => {
        const found = await cache.getOrSet(id, () => load(id), { throwErrors: true });
        if (found === undefined) throw new Error(`cacheable has nothing for ${id}`);
        return found;
      }),
    ];
  },

  polling: async (load, redisUrl) => {
    const [{ lockAndPoll }, { Redis }] = await Promise.all([import('./polling.ts'), import('ioredis')]);
    const redis = new Redis(redisUrl);
    return [
      answer((id) => lockAndPoll(redis, { key: `polling:${id}`, ttl: TTL_SECONDS, load: () => load(id) })),
    ];
  },
};
