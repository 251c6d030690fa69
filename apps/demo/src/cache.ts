import type { Clock } from '@larder/core';
import { createLarder, type Larder, type Policy } from '@larder/express';
import { prometheusObserver } from '@larder/prometheus';
import { redisTier } from '@larder/redis';
import type { Registry } from 'prom-client';

/** How long what is kept, in one place; routes add the tags. The export says so itself, in its own headers. */
export const policies = {
  productDetail: {
    ttl: 300,
    staleWhileRevalidate: 30,
    staleIfError: 600,
    // After a start all of them are made at about the same time, and should not end so as well.
    jitter: 0.1,
    // A dead link or a crawler asks for the same id again and again. Who creates the product invalidates this too.
    negativeTtl: 30,
  },
  // A few lists get most of the requests: those are made anew shortly before they end, and seldom seen stale.
  productList: { ttl: 60, staleWhileRevalidate: 60, staleIfError: 300, earlyRefresh: 1 },
  reviews: { ttl: 120, staleWhileRevalidate: 60 },
  report: {
    // Orders change the sales figures and do not invalidate them. While somebody looks they are half a minute old,
    // and the query runs twice a minute; the first to look again after a while sees older ones, with their date.
    ttl: 30,
    staleWhileRevalidate: 300,
    // A database in trouble: the figures of the last hour, and nobody waits for it longer than this.
    staleIfError: 3_600,
    softTimeout: 1,
  },
  // On the front page, in every form.
  categories: { ttl: 600 },
  profile: { ttl: 600 },
  dashboard: { ttl: 30 },
  greeting: { ttl: 60 },
  cart: { ttl: 60, cookies: 'unread' },
} as const satisfies Record<string, Policy>;

/** A query fails by itself by then: after 5 s without a connection, or 15 s in Postgres. */
const FILL_TIMEOUT = 20;

export interface CacheOptions {
  /** Shops with different namespaces share a Redis and nothing in it. */
  readonly namespace: string;
  /** Absent: the memory tier only. */
  readonly redisUrl: string | undefined;
  /** To Postgres, of this process. */
  readonly connections: number;
  readonly register: Registry;
  /** For tests, which cannot wait for something to become stale. */
  readonly clock?: Clock | undefined;
}

export function openCache({ namespace, redisUrl, connections, register, clock }: CacheOptions): Larder {
  const { observe } = prometheusObserver({ register });
  return createLarder({
    namespace,
    memory: { maxBytes: 64 * 1024 * 1024 },
    observe,
    fills: {
      // One to three queries each. However cold the cache is, writes and what is not cached find a connection.
      maxConcurrentFills: Math.ceil(connections / 2),
      fillTimeout: FILL_TIMEOUT,
    },
    ...(clock !== undefined && { clock }),
    ...(redisUrl !== undefined && { redis: redisTier(redisUrl, { names: 'text' }) }),
  });
}
