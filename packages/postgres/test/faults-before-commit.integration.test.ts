import { redisTier } from '@larder/redis';
import { describe, expect, it } from 'vitest';
import { afterCommit, transactions } from '../src/index.ts';
import { database, gateOfCommits, poll, watchedCache } from './support/database.ts';

/** A product whose price is kept, and whose changes wait within their COMMIT. */
async function shop() {
  const at = await database();
  await at.query('CREATE TABLE products (id int PRIMARY KEY, price int)');
  await at.query('INSERT INTO products VALUES (7, 100)');
  const { cache } = watchedCache({ redis: redisTier(process.env.REDIS_URL!, { commandTimeoutMs: 20_000 }) });
  await poll(async () => (await cache.invalidate('product:7')).state).toBe('done');
  let loads = 0;
  const load = async () => {
    loads += 1;
    return (await at.query('SELECT price FROM products WHERE id = 7'))[0]!.price;
  };
  const price = () => cache.getOrSet('price', { ttl: 600, tags: ['product:7'] }, load);
  expect(await price()).toBe(100);
  const committing = await gateOfCommits(at, 'products');
  return { at, cache, price, load, loads: () => loads, committing };
}

const CHANGE = 'UPDATE products SET price = 150 WHERE id = 7';

describe('F48: an invalidation and the COMMIT of what it is about', () => {
  it('F48: before it: whoever reads in between keeps the old row, for good', async () => {
    const { at, cache, price, load, committing } = await shop();
    const writing = at.query(CHANGE);
    await committing.reached();
    expect(await cache.invalidate('product:7')).toEqual({ state: 'done' });
    expect(await price()).toBe(100);
    await committing.open();
    await writing;
    expect([await load(), await price()]).toEqual([150, 100]);
  });

  it.each(['transactions', 'afterCommit'] as const)(
    'F48: after it, as %s does: whoever reads in between reads the new row next',
    async (how) => {
      const { at, cache, price, committing } = await shop();
      const write = {
        transactions: () =>
          transactions(at.pool, { cache })(async (tx) => {
            await tx.query(CHANGE);
            tx.invalidate('product:7');
          }),
        afterCommit: () =>
          afterCommit(cache, async ({ invalidate }) => {
            invalidate('product:7');
            await at.query(CHANGE);
          }),
      };
      const writing = write[how]();
      await committing.reached();
      await cache.invalidate('product:7');
      expect(await price()).toBe(100);
      await committing.open();
      await writing;
      expect(await price()).toBe(150);
    },
  );

  it('F48: of a change that is rolled back: what was there is made once more, and nothing else', async () => {
    const { at, cache, price, loads } = await shop();
    const before = loads();
    const failing = afterCommit(cache, async ({ invalidate }) => {
      invalidate('product:7');
      await at.query(`BEGIN; ${CHANGE}; ROLLBACK`);
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    expect(await price()).toBe(100);
    expect(loads()).toBe(before + 1);
  });
});
