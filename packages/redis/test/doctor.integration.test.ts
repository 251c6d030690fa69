import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { Cache, type SharedTier } from '@larder/core';
import { spawnCluster, spawnSecureRedis, spawnSentinel, tcpProxy } from '@larder/servers';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { redisTier } from '../src/index.ts';
import { entries, examined, finding, queue, server, WELL_SET } from './doctor-servers.ts';
import { client } from './support/tier.ts';

/** A client that nobody waits for. */
function idle(url: string, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, { lazyConnect: true, ...options });
  redis.on('error', () => {});
  onTestFinished(() => redis.disconnect());
  return redis;
}

async function user(admin: Redis, url: string, ...rules: string[]): Promise<Redis> {
  await admin.acl('SETUSER', 'app', 'on', '>secret', ...rules);
  return idle(url.replace('redis://', 'redis://app:secret@'));
}

/** The manual's rule for who runs the doctor, after the name and the password. */
function rightsInManual(): string[] {
  const manual = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  return /ACL SETUSER doctor on >\S+ ~\S+ (.*)$/m.exec(manual)![1]!.split(' ');
}

/** What to allow, by a finding's advice. */
const ruleIn = (fix: string): string[] =>
  /ACL SETUSER larder (.*)$/.exec(fix)![1]!.replace('>PASSWORD', '>secret').split(' ');

const denials = async (admin: Redis) => /errorstat_NOPERM.*/.exec(await admin.info('errorstats'));

/** A cache does all that it does on that Redis: keeps, finds again, forgets. */
async function isCarried(redis: SharedTier): Promise<void> {
  const cache = new Cache({ namespace: 'shop', memory: false, redis });
  onTestFinished(() => cache.close());
  const load = vi.fn(async () => 'value');
  const get = () => cache.getOrSet('key', { ttl: 60, tags: ['tag'] }, load);
  await vi.waitUntil(
    async () => {
      load.mockClear();
      await get();
      return load.mock.calls.length === 0;
    },
    { timeout: 10_000 },
  );
  await vi.waitUntil(async () => (await cache.invalidate('tag')).state === 'done');
  await get();
  expect(load).toHaveBeenCalledOnce();
}

describe('the doctor at a real Redis', () => {
  it('finds nothing to mend in one that is well set', async () => {
    const { admin } = await server(...WELL_SET);
    await entries(admin, 10);
    // How busy this machine is, is none of its business.
    const { findings, sizing } = await examined(admin, { deadlineMs: 5000, budgetMs: 10_000 });
    expect(findings.filter(({ severity }) => severity === 'warning' || severity === 'critical')).toEqual([]);
    expect(findings.filter(({ says }) => says.startsWith('Not checked'))).toEqual([]);
    expect(sizing).toMatchObject({ entries: 10, sampledEntries: 10, overhead: 1 });
    expect(sizing!.averageBytes).toBeGreaterThan(2000);
  });

  it('asks only what changes nothing, and never for all keys', async () => {
    const { admin, redis } = await server(...WELL_SET);
    await entries(admin, 10);
    const proxy = await tcpProxy(redis.port);
    onTestFinished(() => proxy.stop());
    const sent: string[] = [];
    proxy.tap(({ name, args }) => sent.push(name === 'scan' ? `scan ${args.join(' ')}` : name));
    await examined(idle(proxy.url));
    const reads = ['acl', 'config', 'dbsize', 'info', 'memory', 'ping', 'pttl', 'slowlog', 'time'];
    const asked = [...reads, 'scan 0 MATCH larder:shop:* COUNT 1000'].sort();
    expect([...new Set(sent)].filter((name) => name !== 'hello').sort()).toEqual(asked);
  });

  it('advises on the policy of a Redis that also carries a queue', async () => {
    const { admin } = await server('--maxmemory', '100mb');
    await entries(admin, 10);
    await queue(admin, 3);
    expect(await finding(admin, 'eviction-policy')).toMatchObject({
      severity: 'critical',
      says: expect.stringContaining('3 keys without TTL'),
      fix: expect.stringContaining('volatile-lru'),
    });
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await finding(admin, 'eviction-policy')).toMatchObject({ severity: 'warning' });
    await admin.config('SET', 'maxmemory-policy', 'volatile-lru');
    expect(await finding(admin, 'eviction-policy')).toMatchObject({ severity: 'notice' });
  });

  it('sees that memory is used up', async () => {
    const { admin } = await server(...WELL_SET);
    await admin.config('SET', 'maxmemory', '1');
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await finding(admin, 'memory-headroom')).toMatchObject({ severity: 'critical' });
  });

  it('estimates how many entries there are from those it comes across among others', async () => {
    const { admin } = await server(...WELL_SET);
    await entries(admin, 5000, 10);
    await queue(admin, 5000);
    const { findings, sizing } = await examined(admin, { sample: 100 });
    expect(sizing!.sampledEntries).toBe(100);
    expect(sizing!.entries).toBeGreaterThan(4000);
    expect(sizing!.entries).toBeLessThan(6000);
    expect(findings.find(({ check }) => check === 'keys-without-ttl')!.says).toContain('All of 100 keys');
  });

  it('finds keys of the cache without TTL, and big ones', async () => {
    const { admin } = await server(...WELL_SET);
    await entries(admin, 2, 2 * 1024 * 1024);
    await admin.persist('larder:shop:1:e:1:0');
    await admin.set('larder:blog:1:e:1:0', 'of another cache');
    const { findings } = await examined(admin);
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'keys-without-ttl',
        severity: 'warning',
        says: expect.stringContaining('1 of 2'),
      }),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'big-values',
        severity: 'notice',
        says: expect.stringContaining('2 of 2'),
      }),
    );
  });

  it('looks for the keys of a client that puts a prefix of its own in front', async () => {
    const { admin, url } = await server(...WELL_SET);
    await entries(await client(url), 3);
    await admin.rename('larder:shop:1:e:1:0', 'app:larder:shop:1:e:1:0');
    const { findings, sizing } = await examined(idle(url, { keyPrefix: 'app:' }));
    expect(sizing).toMatchObject({ entries: 1 });
    expect(findings.find(({ check }) => check === 'keys-without-ttl')!.says).toContain('All of 1 key');
  });

  it('tells whose calls were slow, and nothing of what they were about', async () => {
    const { admin } = await server(...WELL_SET);
    await admin.config('SET', 'slowlog-log-slower-than', '0');
    await entries(admin, 1);
    await queue(admin, 1);
    await admin.config('SET', 'slowlog-log-slower-than', '10000');
    const { says } = await finding(admin, 'slow-log');
    expect(says).toMatch(/1 of this cache \(SET\), \d of others \(.*HSET.*\)/);
    expect(says).not.toMatch(/secret|vvv|bull/);
  });

  it('sees what is written to disk', async () => {
    const { admin } = await server(...WELL_SET);
    await admin.config('SET', 'save', '3600 1');
    expect(await finding(admin, 'persistence')).toMatchObject({
      severity: 'notice',
      says: expect.stringContaining('RDB (save 3600 1)'),
    });
  });

  it('compares the clocks', async () => {
    const { admin } = await server(...WELL_SET);
    expect(await finding(admin, 'clock')).toMatchObject({ severity: 'ok' });
    const ahead = await finding(admin, 'clock', { now: () => Date.now() + 20_000 });
    expect(ahead).toMatchObject({ severity: 'warning', says: expect.stringContaining('behind ours') });
  });

  it('turns complaints about the client into findings', async () => {
    const { admin } = await server(...WELL_SET);
    const complaint = { option: 'maxRetriesPerRequest', given: null, fix: '0: nobody waits any more' };
    expect(await finding(admin, 'client-options', { clientComplaints: [complaint] })).toEqual({
      check: 'client-options',
      severity: 'warning',
      says: 'The client has maxRetriesPerRequest: null.',
      fix: 'Set maxRetriesPerRequest to 0: nobody waits any more.',
    });
    expect(await finding(admin, 'client-options', { clientComplaints: [] })).toMatchObject({
      severity: 'ok',
    });
    expect(await finding(admin, 'client-options')).toBeUndefined();
  });

  it('sees that it is at a replica', async () => {
    const { admin } = await server(...WELL_SET);
    await admin.replicaof('127.0.0.1', '1');
    expect(await finding(admin, 'role')).toMatchObject({
      severity: 'critical',
      says: expect.stringContaining('READONLY'),
    });
  });

  it('follows Sentinels to the server that they name', async () => {
    const { sentinels, name, stop } = await spawnSentinel({ replicas: 1, sentinels: 1, args: WELL_SET });
    onTestFinished(stop);
    const redis = new Redis({ sentinels: [...sentinels], name, lazyConnect: true });
    onTestFinished(() => redis.disconnect());
    expect(await finding(redis, 'role')).toMatchObject({ severity: 'ok' });
    expect(await finding(redis, 'tls')).toMatchObject({ severity: 'ok' });
  });

  it('knows a connection over TLS', async () => {
    const { secure, stop } = await spawnSecureRedis({ args: WELL_SET });
    onTestFinished(stop);
    const trusting = idle(secure.url, { tls: { ca: secure.ca } });
    expect(await finding(trusting, 'tls')).toMatchObject({ says: 'The connection is encrypted.' });
    const distrusting = await examined(idle(secure.url));
    expect(distrusting.findings).toMatchObject([
      { check: 'connection', says: expect.stringContaining('certificate') },
    ]);
  });
});

describe('what the doctor may not ask', () => {
  it('is told, check by check, and the rest is checked', async () => {
    const { admin, url } = await server(...WELL_SET);
    const redis = await user(admin, url, '~larder:shop:*', '+@read', '-acl', '-time');
    await entries(admin, 3);
    const { findings, sizing } = await examined(redis);
    const unchecked = findings.filter(({ says }) => says.startsWith('Not checked'));
    const judged = findings.filter(({ says }) => !says.startsWith('Not checked')).map(({ check }) => check);
    expect(new Set(unchecked.map(({ severity }) => severity))).toEqual(new Set(['notice']));
    expect(unchecked.find(({ check }) => check === 'acl')!.fix).toContain('+acl|whoami');
    expect(judged).toEqual(['sizing', 'keys-without-ttl', 'big-values', 'tls']);
    expect(sizing).toMatchObject({ entries: 3 });
  });

  it('is nothing for a user with the rights that the manual gives', async () => {
    const { admin, url } = await server(...WELL_SET);
    await entries(admin, 3);
    const redis = await user(admin, url, '~larder:shop:*', ...rightsInManual());
    const { findings } = await examined(redis);
    expect(findings.filter(({ says }) => says.startsWith('Not checked'))).toEqual([]);
    expect(findings.find(({ check }) => check === 'acl')).toMatchObject({ severity: 'ok' });
  });

  it('leaves a cache all it needs where it advises to allow it less', async () => {
    const { admin, url } = await server(...WELL_SET);
    const { says, fix } = await finding(admin, 'acl');
    expect(says).toMatch(/user default .* password or none.*\+@all.*~\*/);
    await admin.acl('SETUSER', 'larder', ...ruleIn(fix!));
    await isCarried(redisTier(url.replace('redis://', 'redis://larder:secret@')));
    expect(await denials(admin)).toBeNull();
  });
});

describe('where the doctor cannot ask', () => {
  /** What there is to say, and nothing else. */
  async function outcome(redis: Redis | Cluster, now = Date.now) {
    const { findings, sizing } = await examined(redis, { now });
    expect(sizing).toBeUndefined();
    expect(findings).toMatchObject([{ check: 'connection', severity: 'critical' }]);
    return findings[0]!.says;
  }

  it('it says that nobody listens', async () => {
    expect(await outcome(idle('redis://127.0.0.1:1'))).toMatch(/ECONNREFUSED/);
    expect(await outcome(idle('redis://localhost:1'))).toMatch(/ECONNREFUSED/);
  });

  it('it says that the password is wrong, or missing', async () => {
    const { admin, url } = await server();
    await admin.config('SET', 'requirepass', 'secret');
    expect(await outcome(idle(url, { password: 'other' }))).toMatch(/WRONGPASS/);
    expect(await outcome(idle(url))).toMatch(/NOAUTH/);
  });

  it('it gives up on who takes the call and says nothing', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    onTestFinished(() => void silent.close());
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    expect(await outcome(idle(`redis://127.0.0.1:${port}`))).toMatch(/timed out/);
  });

  it('it says so of a server that goes away meanwhile', async () => {
    const { redis, url } = await server();
    const killing = () => {
      redis.kill('SIGKILL');
      return Date.now();
    };
    expect(await outcome(idle(url), killing)).toMatch(/closed|ECONNRE/i);
  });

  it('it says so of a Cluster none of whose nodes is there', async () => {
    const gone = new Cluster([{ host: '127.0.0.1', port: 1 }], {
      lazyConnect: true,
      clusterRetryStrategy: () => null,
    });
    gone.on('error', () => {});
    onTestFinished(() => gone.disconnect());
    expect(await outcome(gone)).toMatch(/no node of the Cluster/);
  });
});

describe('the doctor at a Cluster', () => {
  it('examines every master, and adds up what their entries need', async () => {
    const { seeds, nodes, stop } = await spawnCluster({ replicas: 0, args: WELL_SET });
    onTestFinished(stop);
    const cluster = new Cluster([...seeds]);
    onTestFinished(() => cluster.disconnect());
    await Promise.all(
      Array.from({ length: 60 }, (_, i) => cluster.set(`larder:shop:1:e:1:${i}`, 'v', 'EX', 60)),
    );
    const { findings, sizing } = await examined(cluster);
    const names = nodes.map(({ port }) => `127.0.0.1:${port}`).sort();
    expect([...new Set(findings.map(({ node }) => node))].sort()).toEqual(names);
    expect(findings.filter(({ check, severity }) => check === 'role' && severity === 'ok')).toHaveLength(3);
    expect(findings.find(({ check }) => check === 'acl')!.fix).toContain('+cluster|slots');
    expect(sizing).toMatchObject({ entries: 60, sampledEntries: 60 });

    await nodes[1]!.kill('SIGKILL');
    const lost = (await examined(cluster)).findings.filter(({ check }) => check === 'connection');
    expect(lost).toMatchObject([{ severity: 'critical', node: `127.0.0.1:${nodes[1]!.port}` }]);

    const alone = await finding(idle(nodes[0]!.url), 'role');
    expect(alone).toMatchObject({ severity: 'critical', says: expect.stringContaining('MOVED') });
  });

  it('leaves a cache all it needs there too', async () => {
    const { seeds, nodes, stop } = await spawnCluster({ replicas: 0, args: WELL_SET });
    onTestFinished(stop);
    const admins = await Promise.all(nodes.map(({ url }) => client(url)));
    const at = (options: RedisOptions) => {
      // From Redis 7.2 on a client names its library, which the rule has nothing to say about.
      const cluster = new Cluster([...seeds], { redisOptions: { disableClientInfo: true, ...options } });
      onTestFinished(() => cluster.disconnect());
      return cluster;
    };
    const { fix } = await finding(at({}), 'acl');
    for (const admin of admins) await admin.acl('SETUSER', 'larder', ...ruleIn(fix!));
    await isCarried(redisTier(at({ username: 'larder', password: 'secret' })));
    for (const admin of admins) expect(await denials(admin)).toBeNull();
  });
});
