import { Cache } from '@larder/core';
import { expect, it } from 'vitest';
import { type AfterCommit, afterCommit } from '../src/index.ts';

/** A cache whose value follows a row, which changes when its transaction commits. */
function shop() {
  const cache = new Cache();
  const row = { price: 100 };
  const price = () => cache.getOrSet('price', { ttl: 600, tags: ['product:7'] }, () => row.price);
  const commit = async (price: number) => {
    row.price = price;
  };
  return { cache, price, commit };
}

it('invalidates once the transaction has committed, and not before', async () => {
  const { cache, price, commit } = shop();
  await price();
  const result = await afterCommit(cache, async (after) => {
    after.invalidate(['product:7']);
    expect(await price()).toBe(100);
    await commit(150);
    expect(await price()).toBe(100);
    return 'value';
  });
  expect([result, await price()]).toEqual(['value', 150]);
});

it('invalidates where the transaction rejects: it may have committed', async () => {
  const { cache, price, commit } = shop();
  await price();
  const lost = new Error('the connection was lost');
  const failing = afterCommit(cache, async (after) => {
    after.invalidateAll();
    await commit(150);
    throw lost;
  });
  await expect(failing).rejects.toBe(lost);
  expect(await price()).toBe(150);
});

it('takes no more names once it is over', async () => {
  const { cache } = shop();
  const after = await afterCommit(cache, async (after: AfterCommit) => after);
  expect(() => after.invalidate('product:7')).toThrow('LARDER_TRANSACTION_OVER');
});

it('wants a cache, and tags', async () => {
  const work = async (after: AfterCommit) => after.invalidate('');
  await expect(afterCommit({} as never, work)).rejects.toMatchObject({ code: 'LARDER_INVALID_OPTIONS' });
  await expect(afterCommit(new Cache(), work)).rejects.toMatchObject({ code: 'LARDER_INVALID_TAG' });
});
