import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAtOnce, type Got } from '../src/stampede/crowd.ts';
import { REPORT, Scene } from '../src/stampede/scene.ts';
import { clockThatSkips, untilShared, urlOf } from './support/processes.ts';
import { openTestShopWithRedis, STARTING_MS, type TestShop } from './support/shop.ts';

const CLIENTS = 300;

/** What they got, and nothing but reports. */
const replies = (got: readonly Got[]) =>
  got.map((one) => {
    if (one instanceof Error) throw one;
    expect(one.status).toBe(200);
    return one;
  });

/** Nobody gets an answer from the table while it runs. */
async function whileHeld<T>(pool: pg.Pool, table: string, run: () => Promise<T>): Promise<T> {
  const holder = await pool.connect();
  try {
    await holder.query(`BEGIN; LOCK TABLE ${table}`);
    return await run();
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

describe('a stampede on the report, over two processes', () => {
  const clock = clockThatSkips();
  let one: TestShop | undefined;
  beforeAll(async () => {
    one = await openTestShopWithRedis({ clock });
  }, STARTING_MS);
  afterAll(() => one?.close());

  it('costs one query while it is cold, and one behind everybody when it is stale', async (test) => {
    if (one === undefined) return test.skip('no Redis could be had');
    const other = await one.twin();
    await untilShared(one, other);
    const shops = [urlOf(one), urlOf(other)];
    const scene = await Scene.enter(shops);
    test.onTestFinished(() => scene.leave());

    const cold = replies(await askAtOnce(shops, CLIENTS, REPORT));
    expect(await scene.queries()).toBe(1);
    const text = cold[0]!.text;
    expect(new Set(cold.map((reply) => reply.text))).toEqual(new Set([text]));

    clock.skip(31_000);
    // The one query behind them cannot end before they all have their answers.
    const stale = await whileHeld(one.pool, 'order_items', () => askAtOnce(shops, CLIENTS, REPORT));
    const outcomes = new Set(replies(stale).map((reply) => `${reply.cache} ${reply.text === text}`));
    expect(outcomes).toEqual(new Set(['STALE true']));
    await expect.poll(async () => (await scene.report()).cache, { timeout: 10_000 }).toBe('HIT');
    expect((await scene.report()).text).not.toBe(text);
    expect(await scene.queries()).toBe(2);
  });
});
