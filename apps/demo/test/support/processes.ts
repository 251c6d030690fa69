import type { AddressInfo } from 'node:net';
import { type Clock, systemClock } from '@larder/core';
import request from 'supertest';
import { expect } from 'vitest';
import type { OpenShop } from './shop.ts';

/** One host, whichever process its name leads to. */
export const HOST = 'shop.test';

/**
 * Resolves the id of a product that two processes share, once each of them finds in Redis what the other has made: what
 * is kept reaches it after its client has the answer, and each process connects in its own time.
 */
export async function untilShared(one: OpenShop, other: OpenShop): Promise<number> {
  let id = 0;
  const from = ({ server }: OpenShop) => request(server).get(`/api/products/${id}`).set('Host', HOST);
  const reaches = async (maker: OpenShop, finder: OpenShop) => {
    id += 1;
    const made = await from(maker).expect('X-Cache', 'MISS');
    const found = await from(finder);
    return found.headers['x-cache'] === 'HIT' && found.text === made.text;
  };
  const shared = async () => (await reaches(one, other)) && (await reaches(other, one));
  await expect.poll(shared, { timeout: 10_000 }).toBe(true);
  return id;
}

export const urlOf = ({ server }: OpenShop): URL =>
  new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);

/** The machine's clock, which can be set ahead. Its timers keep the machine's time: processes wait for each other by them. */
export function clockThatSkips(): Clock & { skip(ms: number): void } {
  let skipped = 0;
  return {
    now: () => systemClock.now() + skipped,
    monotonicMs: () => systemClock.monotonicMs() + skipped,
    after: systemClock.after,
    skip(ms) {
      skipped += ms;
    },
  };
}
