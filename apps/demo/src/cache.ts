import type { Clock } from '@larder/core';
import { createLarder, type Larder, type Policy } from '@larder/express';
import { prometheusObserver } from '@larder/prometheus';
import { redisTier } from '@larder/redis';
import type { Registry } from 'prom-client';

/** How long what is kept, in one place; routes add the tags. The export says so itself, in its own headers. */
export const policies = {
  productDetail: { ttl: 300, staleWhileRevalidate: 30, staleIfError: 600 },
  productList: { ttl: 60, staleWhileRevalidate: 60, staleIfError: 300 },
  reviews: { ttl: 120, staleWhileRevalidate: 60 },
  // Orders change the sales figures and do not invalidate them: they are as old as this at most.
  report: { ttl: 300, staleWhileRevalidate: 60, staleIfError: 3_600 },
  profile: { ttl: 600 },
  dashboard: { ttl: 30 },
  greeting: { ttl: 60 },
} as const satisfies Record<string, Policy>;

export interface CacheOptions {
  /** Shops with different namespaces share a Redis and nothing in it. */
  readonly namespace: string;
  /** Absent: the memory tier only. */
  readonly redisUrl: string | undefined;
  readonly register: Registry;
  /** For tests, which cannot wait for something to become stale. */
  readonly clock?: Clock | undefined;
}

export function openCache({ namespace, redisUrl, register, clock }: CacheOptions): Larder {
  const { observe } = prometheusObserver({ register });
  return createLarder({
    namespace,
    memory: { maxBytes: 64 * 1024 * 1024 },
    observe,
    ...(clock !== undefined && { clock }),
    ...(redisUrl !== undefined && { redis: redisTier(redisUrl) }),
  });
}
