import request from 'supertest';
import { expect } from 'vitest';
import type { JobState } from '../../src/discounts/discount-queue.ts';
import { bearer, type TestShop } from './shop.ts';

export const jobOf = (shop: TestShop, id: string) =>
  request(shop.server)
    .get(`/api/jobs/${id}`)
    .set(...bearer(shop.staff));

/** Resolves what has become of the job, once something has. */
export async function discount(shop: TestShop, category: string, percent: number): Promise<JobState> {
  const { body } = await request(shop.server)
    .post(`/api/categories/${category}/discount`)
    .set(...bearer(shop.staff))
    .send({ percent })
    .expect(202);
  const ended = async () => /completed|failed/.test((await jobOf(shop, body.id)).body.state);
  await expect.poll(ended, { timeout: 10_000 }).toBe(true);
  return (await jobOf(shop, body.id)).body;
}
