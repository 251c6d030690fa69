import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CacheOptions } from '@larder/core';
import { redisTier } from '@larder/redis';
import { spawnRedis, type TcpProxy, tcpProxy } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { transactions } from '../src/index.ts';
import {
  type Database,
  database,
  databaseUrl,
  gateOfRemovals,
  NEVER_POLL,
  openOutbox,
  poll,
  proxied,
  recorded,
  type Watched,
  watchedCache,
} from './support/database.ts';
import { poolOf } from './support/pool.ts';
import type { Setup } from './support/process.ts';
import { insertInto } from './support/rows.ts';

/** On a busy machine answers come late that are on their way, which is another fault. */
const PATIENT = { commandTimeoutMs: 20_000, budgetMs: 20_000, breaker: { openMs: 50 } };

interface RedisBehind {
  readonly url: string;
  readonly proxy: TcpProxy;
}

async function redisBehindProxy(): Promise<RedisBehind> {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const proxy = await tcpProxy(redis.port);
  onTestFinished(() => proxy.stop());
  return { url: redis.url, proxy };
}

/** A cache that has found its Redis. */
async function onRedis(url: string, options: CacheOptions = {}): Promise<Watched> {
  const watched = watchedCache({ redis: redisTier(url, PATIENT), ...options });
  await poll(async () => (await watched.cache.invalidate('nothing')).state).toBe('done');
  return watched;
}

function cut(proxy: TcpProxy): void {
  proxy.refuse();
  proxy.cut();
}

/** A process of its own. */
function start(at: Database, setup: Pick<Setup, 'redis' | 'namespace' | 'does'>) {
  const { schema, table } = at;
  const child = fork(fileURLToPath(new URL('./support/process.ts', import.meta.url)), {
    execArgv: ['--conditions=@larder/source', '--import', 'tsx'],
    env: { ...process.env, SETUP: JSON.stringify({ url: databaseUrl(), schema, table, ...setup }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>;
  const killed = ended.then(([, signal]) => signal);
  return {
    written: () => once(child, 'message'),
    ended: () => ended,
    killed: () => killed,
    kill: () => {
      child.kill('SIGKILL');
      return killed;
    },
  };
}

/** A product whose price is kept in Redis by another process than the one that changes it. */
async function shop(url: string) {
  const at = await database();
  await at.query('CREATE TABLE products (id int PRIMARY KEY, price int)');
  await at.query('INSERT INTO products VALUES (7, 100)');
  const watched = await onRedis(url);
  const load = async () => (await at.query('SELECT price FROM products WHERE id = 7'))[0]!.price;
  const price = () => watched.cache.getOrSet('price', { ttl: 600, tags: ['product:7'] }, load);
  expect(await price()).toBe(100);
  return { at, price, load, namespace: watched.cache.namespace, ...watched };
}

describe('F47: a process that is killed', () => {
  it('F47: between its COMMIT and the invalidation: another process delivers it', async () => {
    const redis = await spawnRedis();
    onTestFinished(() => redis.stop());
    const { at, cache, price, load, namespace } = await shop(redis.url);
    const writer = start(at, { redis: redis.url, namespace, does: 'dies after COMMIT' });
    expect(await writer.killed()).toBe('SIGKILL');
    expect([await load(), await price()]).toEqual([150, 100]);
    const outbox = openOutbox(at, [cache]);
    await poll(() => price()).toBe(150);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });

  it('F47: with an invalidation that Redis was never told of: another process delivers it', async () => {
    const { proxy, url } = await redisBehindProxy();
    const { at, cache, price, load, namespace } = await shop(url);
    cut(proxy);
    const writer = start(at, { redis: proxy.url, namespace, does: 'writes' });
    await writer.written();
    expect(await writer.kill()).toBe('SIGKILL');
    expect([await load(), await price()]).toEqual([150, 100]);
    const outbox = openOutbox(at, [cache]);
    await poll(() => price()).toBe(150);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });

  it('F47: while it delivers: its rows are anybody’s again', async () => {
    const redis = await spawnRedis();
    onTestFinished(() => redis.stop());
    const { at, cache, namespace } = await shop(redis.url);
    const held = await gateOfRemovals(at);
    await insertInto(at, namespace, [['product:7'], ['product:8']]);
    const deliverer = start(at, { redis: redis.url, namespace, does: 'delivers' });
    await held.reached();
    expect(await deliverer.kill()).toBe('SIGKILL');
    await held.open();
    const outbox = openOutbox(at, [cache]);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });
});

it('keeps no process alive that has closed everything else', async () => {
  const at = await database();
  const leaving = start(at, { redis: process.env.REDIS_URL!, namespace: 'leaving', does: 'forgets' });
  expect(await leaving.ended()).toEqual([0, null]);
});

describe('a Redis that cannot be reached', () => {
  it('leaves the rows where they are until it can, and the process whose Redis it is has forgotten already', async () => {
    const { proxy } = await redisBehindProxy();
    const at = await database();
    const { cache, read, observer } = await onRedis(proxy.url);
    const outbox = openOutbox(at, [cache], { pollMs: 20 });
    const before = await read('a');
    cut(proxy);
    await recorded(at, outbox, ['a']);
    const pending = () => observer.of('invalidate').filter(({ delivery }) => delivery === 'pending').length;
    await poll(pending).toBeGreaterThan(2);
    expect(await outbox.waiting()).toMatchObject({ rows: 1 });
    expect(await read('a')).not.toBe(before);
    await proxy.accept();
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });

  it('keeps nothing from a process that can reach it', async () => {
    const { proxy, url } = await redisBehindProxy();
    const at = await database();
    const mine = await onRedis(proxy.url);
    const theirs = await onRedis(url, { namespace: mine.cache.namespace });
    const before = await theirs.read('a');
    cut(proxy);
    const outbox = openOutbox(at, [mine.cache], { pollMs: 20 });
    openOutbox(at, [theirs.cache], { pollMs: 20 });
    await recorded(at, outbox, ['a']);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    expect(await theirs.read('a')).not.toBe(before);
  });

  it('leaves what a transaction has named to the outbox', async () => {
    const { proxy } = await redisBehindProxy();
    const { at, cache } = await shop(proxy.url);
    cut(proxy);
    const outbox = openOutbox(at, []);
    await transactions(at.pool, { cache, outbox })(async (tx) => tx.invalidate('product:7'));
    expect(await outbox.waiting()).toMatchObject({ rows: 1 });
  });
});

describe('a connection to Postgres that is lost', () => {
  it('is made anew where it listens, and what was missed is found then', async () => {
    const { proxy, url } = await proxied();
    const at = await database();
    const { cache, read, errors } = watchedCache();
    const outbox = openOutbox(at, [cache], { ...NEVER_POLL, listen: { connectionString: url } });
    const heard = await read('heard');
    await poll(() => proxy.connections.length).toBe(1);
    await recorded(at, outbox, ['heard']);
    await poll(() => read('heard')).not.toBe(heard);
    const missed = await read('missed');
    cut(proxy);
    await poll(() => errors().length).toBeGreaterThan(1);
    await recorded(at, outbox, ['missed']);
    await proxy.accept();
    await poll(() => read('missed')).not.toBe(missed);
    const again = await read('again');
    await recorded(at, outbox, ['again']);
    await poll(() => read('again')).not.toBe(again);
  });

  it('is made up for by looking, for as long as nobody can listen', async () => {
    const { proxy, url } = await proxied();
    const at = await database();
    const { cache, read, errors } = watchedCache();
    cut(proxy);
    const outbox = openOutbox(at, [cache], { pollMs: 20, listen: { connectionString: url } });
    await poll(() => errors().length).toBeGreaterThan(0);
    const before = await read('a');
    await recorded(at, outbox, ['a']);
    await poll(() => read('a')).not.toBe(before);
  });

  it('ends a delivery, whose rows are delivered once more', async () => {
    const { proxy, url } = await proxied();
    const at = await database();
    const held = await gateOfRemovals(at);
    const pool = poolOf(url, at.schema);
    onTestFinished(() => pool.end());
    const { cache, read, invalidations, errors } = watchedCache();
    const before = await read('a');
    await insertInto(at, cache.namespace, [['a']]);
    const outbox = openOutbox({ pool, table: at.table }, [cache], { pollMs: 20, listen: false });
    await held.reached();
    proxy.cut();
    await poll(() => errors().length).toBeGreaterThan(0);
    await held.open();
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    expect(invalidations().length).toBeGreaterThan(1);
    expect(await read('a')).not.toBe(before);
  });

  it('is nobody’s uncaught error, wherever it was', async () => {
    const { proxy, url } = await proxied();
    const at = await database();
    const pool = poolOf(url, at.schema);
    onTestFinished(() => pool.end());
    pool.removeAllListeners('error');
    const { cache, read, errors } = watchedCache();
    const listen = { connectionString: url };
    const outbox = openOutbox({ pool, table: at.table }, [cache], { pollMs: 20, listen });
    await poll(() => pool.idleCount).toBe(1);
    await poll(() => proxy.connections.length).toBe(2);
    proxy.cut();
    await poll(() => errors().length).toBeGreaterThan(0);
    const before = await read('a');
    await recorded(at, outbox, ['a']);
    await poll(() => read('a')).not.toBe(before);
    pool.on('error', () => {});
  });
});
