import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { redisTier } from '@larder/redis';
import { spawnRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Database, database, databaseUrl, openOutbox, poll, watchedCache } from './support/database.ts';
import type { MortalSetup } from './support/mortal.ts';
import { insertInto } from './support/rows.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Resolves once the process has died, or has done all that it does. */
async function ended(
  { schema, table }: Database,
  setup: Pick<MortalSetup, 'redis' | 'namespace' | 'does' | 'steps'>,
) {
  const child = fork(fileURLToPath(new URL('./support/mortal.ts', import.meta.url)), {
    execArgv: ['--conditions=@larder/source', '--import', 'tsx'],
    env: { ...process.env, SETUP: JSON.stringify({ url: databaseUrl(), schema, table, ...setup }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
  const how = await Promise.race([
    once(child, 'message').then(() => 'done' as const),
    exited.then(([code, signal]) => signal ?? `code ${code}`),
  ]);
  child.kill('SIGKILL');
  await exited;
  return how;
}

/** A product whose price is kept in Redis, and in the memory of another process than those that die. */
async function shop() {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const at = await database();
  await at.query('CREATE TABLE products (id int PRIMARY KEY, price int)');
  await at.query('INSERT INTO products VALUES (7, 100)');
  const patient = { commandTimeoutMs: 20_000, budgetMs: 20_000 };
  const { cache } = watchedCache({ redis: redisTier(redis.url, patient) });
  await poll(async () => (await cache.invalidate('product:7')).state).toBe('done');
  const stored = async () => (await at.query('SELECT price FROM products WHERE id = 7'))[0]!.price;
  const price = () => cache.getOrSet('price', { ttl: 600, tags: ['product:7'] }, stored);
  /** Resolves once everything that was committed is delivered by who lives. */
  const deliver = async () => {
    const outbox = openOutbox(at, [cache], { listen: false });
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    await outbox.close();
  };
  return { at, redis: redis.url, cache, stored, price, deliver };
}

describe('F47: a process that is killed', () => {
  it('F47: behind any step of a transaction, or of what comes after its COMMIT: what was committed is read in the end', async () => {
    const { at, redis, cache, stored, price, deliver } = await shop();
    const seen = new Set<string>();
    let how: string | undefined;
    for (let steps = 1; how !== 'done'; steps += 1) {
      const before = await stored();
      await poll(price).toBe(before);
      how = await ended(at, { redis, namespace: cache.namespace, does: 'writes', steps });
      expect(['SIGKILL', 'done']).toContain(how);
      const now = await stored();
      const waiting = (await at.query('SELECT count(*)::int AS n FROM "out ""box"""'))[0]!.n;
      seen.add(`${now === before ? 'rolled back' : 'committed'}, ${waiting} to deliver`);
      await deliver();
      await poll(price).toBe(now);
    }
    expect([...seen].sort()).toEqual([
      'committed, 0 to deliver',
      'committed, 1 to deliver',
      'rolled back, 0 to deliver',
    ]);
  });

  it('F47: behind any step of a delivery: somebody else delivers it', async () => {
    const { at, redis, cache, stored, price, deliver } = await shop();
    const left = new Set<unknown>();
    let how: string | undefined;
    for (let steps = 1; how !== 'done'; steps += 1) {
      await poll(price).toBe(await stored());
      await at.query('UPDATE products SET price = price + 1');
      await insertInto(at, cache.namespace, [['product:7']]);
      how = await ended(at, { redis, namespace: cache.namespace, does: 'delivers', steps });
      expect(['SIGKILL', 'done']).toContain(how);
      left.add((await at.query('SELECT count(*)::int AS n FROM "out ""box"""'))[0]!.n);
      await deliver();
      await poll(price).toBe(await stored());
    }
    expect(left).toEqual(new Set([1, 0]));
  });
});
