import { describe, expect, it, onTestFinished } from 'vitest';
import { type Transaction, transactions } from '../src/index.ts';
import { isRefusal } from '../src/run-transaction.ts';
import {
  type Database,
  database,
  gateOfCommits,
  openOutbox,
  poll,
  proxied,
  watchedCache,
} from './support/database.ts';
import { poolOf } from './support/pool.ts';

/** A table with one product, and what a reader would make of it. */
async function shop() {
  const at = await database();
  await at.query(
    'CREATE TABLE products (id int PRIMARY KEY, price int UNIQUE DEFERRABLE INITIALLY DEFERRED)',
  );
  await at.query('INSERT INTO products VALUES (7, 100), (8, 200)');
  const watched = watchedCache();
  const price = (id = 7) =>
    watched.cache.getOrSet(`price ${id}`, { ttl: 600, tags: [`product:${id}`] }, () => stored(at, id));
  expect(await price()).toBe(100);
  return { at, price, ...watched };
}

const stored = async (at: Database, id = 7) =>
  (await at.query('SELECT price FROM products WHERE id = $1', [id]))[0]!.price;

const set = (tx: Transaction, price: number) =>
  tx.query('UPDATE products SET price = $1 WHERE id = 7', [price]);

describe('a transaction', () => {
  it('is seen by whoever reads once it has resolved, though somebody has read the old row just before its commit', async () => {
    const { at, cache, price, invalidations } = await shop();
    const committing = await gateOfCommits(at, 'products');
    const transaction = transactions(at.pool, { cache });
    const running = transaction(async (tx) => {
      await set(tx, 150);
      tx.invalidate(['product:7', 'products']);
      tx.invalidate('product:7');
      return 'value';
    });
    await committing.reached();
    await cache.invalidate('product:7');
    expect(await price()).toBe(100);
    await committing.open();
    expect(await running).toBe('value');
    expect(await price()).toBe(150);
    expect(invalidations()).toEqual([1, 2]);
  });

  it('invalidates nothing where its function throws, and rolls back', async () => {
    const { at, cache, price, invalidations } = await shop();
    const transaction = transactions(at.pool, { cache });
    const thrown = new Error('no');
    const failing = transaction(async (tx) => {
      await set(tx, 150);
      tx.invalidateAll();
      throw thrown;
    });
    await expect(failing).rejects.toBe(thrown);
    expect([await price(), await stored(at), invalidations()]).toEqual([100, 100, []]);
    expect([at.pool.totalCount, at.pool.idleCount]).toEqual([1, 1]);
  });

  it('refuses what can be no tag where it is named, and rolls back', async () => {
    const { at, cache } = await shop();
    const failing = transactions(at.pool, { cache })(async (tx) => {
      await set(tx, 150);
      tx.invalidate('');
    });
    await expect(failing).rejects.toMatchObject({ code: 'LARDER_INVALID_TAG' });
    expect(await stored(at)).toBe(100);
  });

  it.each(['an outbox', 'none'])(
    'says that it was rolled back where a statement has failed and its error was caught (%s)',
    async (kind) => {
      const { at, cache, invalidations } = await shop();
      const outbox = kind === 'none' ? {} : { outbox: openOutbox(at, []) };
      const failing = transactions(at.pool, { cache, ...outbox })(async (tx) => {
        await set(tx, 150);
        tx.invalidate('product:7');
        await tx.query('SELECT 1 / 0').catch(() => {});
      });
      await expect(failing).rejects.toMatchObject({ code: 'LARDER_ROLLED_BACK' });
      expect([await stored(at), invalidations(), at.pool.idleCount]).toEqual([100, [], 1]);
    },
  );

  it('invalidates nothing where Postgres refuses the commit', async () => {
    const { at, cache, invalidations } = await shop();
    const failing = transactions(at.pool, { cache })(async (tx) => {
      await set(tx, 200);
      tx.invalidate('product:7');
    });
    await expect(failing).rejects.toMatchObject({ code: '23505' });
    expect([await stored(at), invalidations(), at.pool.idleCount]).toEqual([100, [], 1]);
  });

  it('leaves no connection behind that cannot roll back', async () => {
    const { at, cache, invalidations } = await shop();
    const transaction = transactions(at.pool, { cache });
    const failing = transaction(async (tx) => {
      tx.invalidate('product:7');
      await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(failing).rejects.toThrow();
    expect([at.pool.totalCount, invalidations()]).toEqual([0, []]);
    await transaction((tx) => set(tx, 150));
    expect(await stored(at)).toBe(150);
  });

  it('leaves no connection behind that does not answer any more', async () => {
    const { proxy, url } = await proxied();
    const { at, cache } = await shop();
    const pool = poolOf(url, at.schema, { query_timeout: 200 });
    onTestFinished(() => pool.end());
    const transaction = transactions(pool, { cache });
    let answer = () => {};
    const failing = transaction(async (tx) => {
      await set(tx, 150);
      answer = proxy.impose({ replies: { hold: true } });
      await tx.query('SELECT 1');
    });
    await expect(failing).rejects.toThrow('timeout');
    answer();
    expect(pool.totalCount).toBe(0);
    await transaction((tx) => set(tx, 160));
    expect(await stored(at)).toBe(160);
  });

  it('is rolled back where its connection is lost while nothing is asked of it', async () => {
    const { at, cache, invalidations } = await shop();
    const failing = transactions(at.pool, { cache })(async (tx) => {
      const { rows } = await tx.query('SELECT pg_backend_pid() AS pid');
      const lost = new Promise((resolve) => tx.client.once('error', resolve));
      await set(tx, 150);
      tx.invalidate('product:7');
      await at.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await lost;
    });
    await expect(failing).rejects.toMatchObject({ code: '57P01' });
    expect([await stored(at), invalidations()]).toEqual([100, []]);
  });

  it('invalidates all the same where nobody can know whether it was committed; the outbox delivers what is, later', async () => {
    const { proxy, url } = await proxied();
    const { at, cache, price, invalidations } = await shop();
    const committing = await gateOfCommits(at, 'products');
    const pool = poolOf(url, at.schema);
    onTestFinished(() => pool.end());
    const recording = openOutbox({ pool, table: at.table }, []);
    const failing = transactions(pool, { cache, outbox: recording })(async (tx) => {
      await set(tx, 150);
      tx.invalidate('product:7');
    }).catch((error) => error);
    await committing.reached();
    proxy.cut();
    expect(await failing).toMatchObject({ code: 'LARDER_COMMIT_UNKNOWN' });
    expect([await price(), invalidations()]).toEqual([100, [1]]);
    const outbox = openOutbox(at, [cache]);
    await committing.open();
    await poll(() => price()).toBe(150);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });

  it('takes no more names once it is over', async () => {
    const { at, cache } = await shop();
    const kept = await transactions(at.pool, { cache })(async (tx) => tx);
    expect(() => kept.invalidate('product:7')).toThrow('LARDER_TRANSACTION_OVER');
    expect(() => kept.invalidateAll()).toThrow('LARDER_TRANSACTION_OVER');
  });

  it('takes out of the outbox what it has delivered itself', async () => {
    const { at, cache, read, invalidations } = await shop();
    const outbox = openOutbox(at, []);
    const recording = transactions(at.pool, { cache, outbox });
    const before = await read('tag 99');
    await recording(async (tx) => {
      for (let i = 0; i < 100; i += 1) tx.invalidate(`tag ${i}`);
      expect(await outbox.waiting()).toMatchObject({ rows: 0 });
    });
    expect(await read('tag 99')).not.toBe(before);
    expect(invalidations()).toEqual([100]);
    await outbox.close();
    expect(await outbox.waiting()).toMatchObject({ rows: 0 });
    // Two rows, for so many tags.
    const [next] = await at.query(`INSERT INTO "out ""box""" (namespace) VALUES ('x') RETURNING id`);
    expect(next).toEqual({ id: '3' });
  });

  it('is not made of what it cannot be made of', async () => {
    const { at, cache } = await shop();
    const refusal = expect.objectContaining({ code: 'LARDER_INVALID_OPTIONS' });
    for (const make of [
      () => transactions({} as never, { cache }),
      () => transactions(at.pool, {} as never),
      () => transactions(at.pool, { cache, outbox: {} as never }),
      () => transactions(at.pool, { cache, retries: 3 } as never),
    ])
      expect(make).toThrow(refusal);
  });
});

describe('an error at COMMIT', () => {
  it('is an answer only where the server goes on after it', () => {
    expect(isRefusal({ severity: 'ERROR', code: '23505' })).toBe(true);
    for (const unknown of [
      { severity: 'FATAL', code: '57P01' },
      { severity: 'ERROR', code: '08P01' },
      { severity: 'ERROR', code: '40003' },
      new Error('Connection terminated unexpectedly'),
      undefined,
    ])
      expect(isRefusal(unknown)).toBe(false);
  });
});
