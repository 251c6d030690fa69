import type { Severity } from '@larder/core';
import { describe, expect, it } from 'vitest';
import { findingsOf } from '../src/doctor/checks.ts';
import { reason } from '../src/doctor/connection.ts';
import { sizingOf, sizingOfAll } from '../src/doctor/estimates.ts';
import type { SlowCall } from '../src/doctor/facts.ts';
import { ourKeys } from '../src/doctor/our-keys.ts';
import { loginOf } from '../src/doctor/replies.ts';
import { type Changes, facts, GiB, MiB, plain, tripsMs } from './doctor-facts.ts';

const found = (check: string, changes: Changes) =>
  findingsOf(facts(changes)).find((finding) => finding.check === check);

const others = { db0: 'keys=1042,expires=1000,avg_ttl=60000' };
const full = { used_memory: 0.96 * GiB };
const slow = (command: string, ms: number, ours: boolean, ageSeconds = 60): SlowCall => ({
  command,
  ms,
  ours,
  ageSeconds,
});
const login = (wide: object) => ({
  login: { told: { name: 'app', passwordless: false, anyCommand: false, anyKey: false, ...wide } },
});
const reads = (hits: number, misses: number) => ({ info: { keyspace_hits: hits, keyspace_misses: misses } });
const policy = (maxmemory_policy: string, more = {}) => ({ info: { maxmemory_policy, ...more } });
const sizes = (...bytes: number[]) => ({
  sizes: { told: bytes.map((size, i) => ({ name: `larder:shop:1:e:1:${i}`, bytes: size })) },
});
const clock = (aheadMs: number, withinMs = 1) => ({ clock: { told: { aheadMs, withinMs } } });

type Case = [check: string, what: string, changes: Changes, severity: Severity, says: RegExp];

const cases: Case[] = [
  [
    'eviction-policy',
    'noeviction under a limit',
    policy('noeviction'),
    'critical',
    /nothing more can be stored\.$/,
  ],
  [
    'eviction-policy',
    'noeviction under a limit, shared',
    policy('noeviction', others),
    'critical',
    /42 keys without TTL/,
  ],
  [
    'eviction-policy',
    'noeviction without a limit',
    policy('noeviction', { maxmemory: 0 }),
    'warning',
    /nothing is ever evicted/,
  ],
  ['eviction-policy', 'allkeys, shared', policy('allkeys-lru', others), 'warning', /may evict 42 keys/],
  ['eviction-policy', 'allkeys-lru', policy('allkeys-lru'), 'ok', /allkeys-lru/],
  ['eviction-policy', 'volatile-lru', policy('volatile-lru'), 'ok', /volatile-lru/],
  ['eviction-policy', 'a random one', policy('allkeys-random'), 'notice', /hot/],
  ['eviction-policy', 'volatile-lru, shared', policy('volatile-lru', others), 'notice', /spares the 42 keys/],
  [
    'eviction-policy',
    'volatile-ttl, shared',
    policy('volatile-ttl', others),
    'notice',
    /locks of others first/,
  ],
  ['maxmemory', 'none', { info: { maxmemory: 0 } }, 'warning', /400 MiB are used.*4 GiB/],
  [
    'maxmemory',
    'nearly all of the machine',
    { info: { maxmemory: 3.7 * GiB } },
    'warning',
    /3.7 GiB of the machine's 4 GiB/,
  ],
  [
    'maxmemory',
    'a machine that is not told',
    { info: { maxmemory: 3.7 * GiB, total_system_memory: 0 } },
    'ok',
    /3.7 GiB/,
  ],
  ['memory-headroom', '96 % of one that evicts', { info: full }, 'notice', /full, as a cache may be/],
  ['memory-headroom', '94 % of one that evicts', { info: { used_memory: 0.94 * GiB } }, 'ok', /94 %/],
  [
    'memory-headroom',
    '96 % of one that does not',
    policy('noeviction', full),
    'critical',
    /nothing is evicted/,
  ],
  [
    'memory-headroom',
    '80 % of one that does not',
    policy('noeviction', { used_memory: 0.8 * GiB }),
    'warning',
    /80 %/,
  ],
  [
    'memory-headroom',
    '79 % of one that does not',
    policy('noeviction', { used_memory: 0.79 * GiB }),
    'ok',
    /79 %/,
  ],
  ['fragmentation', '1.6', { info: { mem_fragmentation_ratio: 1.6 } }, 'warning', /1.6 bytes for each/],
  ['fragmentation', '1.5', { info: { mem_fragmentation_ratio: 1.5 } }, 'ok', /1.5 bytes/],
  ['fragmentation', '0.8', { info: { mem_fragmentation_ratio: 0.8 } }, 'warning', /swapped out/],
  [
    'fragmentation',
    '20 of next to nothing',
    { info: { mem_fragmentation_ratio: 20, used_memory: 2 * MiB } },
    'ok',
    /too little/,
  ],
  [
    'evictions',
    'fewer than expired',
    { info: { evicted_keys: 4999 } },
    'notice',
    /4,999 keys were evicted and 5,000 expired in 3 days/,
  ],
  ['evictions', 'more than expired', { info: { evicted_keys: 5001 } }, 'warning', /before their time/],
  ['keys-without-ttl', 'one', { ttls: { told: [60_000, -1, 5] } }, 'warning', /1 of 3 keys .* have no TTL/],
  ['keys-without-ttl', 'no keys', { ttls: { told: [] } }, 'ok', /No key/],
  ['big-values', '1 MiB', sizes(MiB), 'ok', /None of 1 entry/],
  ['big-values', '2 MiB', sizes(10, 2 * MiB), 'notice', /1 of 2 entries .* larder:shop:1:e:1:1 has 2 MiB/],
  ['big-values', '6 MiB', sizes(2 * MiB, 6 * MiB), 'warning', /2 of 2 entries .* has 6 MiB/],
  ['hit-ratio', 'too few reads', reads(0, 999), 'ok', /too few to tell/],
  ['hit-ratio', '80 %', reads(800, 200), 'ok', /80 % of 1,000 reads hit, of the whole server/],
  ['hit-ratio', '79 %', reads(790, 210), 'notice', /79 %/],
  ['hit-ratio', '49 %', reads(490, 510), 'warning', /49 %/],
  ['hit-ratio', '29 %', reads(290, 710), 'critical', /29 %/],
  ['latency', '10 ms', tripsMs(10), 'ok', /0.4 ms, at the 99th percentile 10 ms/],
  ['latency', 'a fifth of the deadline', tripsMs(11), 'notice', /of a deadline of 50 ms/],
  ['latency', 'half of the budget', tripsMs(31), 'warning', /do not fit into a request's 60 ms/],
  ['latency', 'the deadline', tripsMs(50), 'critical', /over the deadline of 50 ms/],
  [
    'latency',
    'another deadline',
    { ...tripsMs(11), limits: { deadlineMs: 10, budgetMs: 60 } },
    'critical',
    /10 ms/,
  ],
  [
    'slow-log',
    'an hour ago',
    { slowCalls: { told: [slow('KEYS', 900, false, 3601)] } },
    'ok',
    /no entry of the last hour/,
  ],
  [
    'slow-log',
    'under the deadline',
    { slowCalls: { told: [slow('GET', 20, true)] } },
    'notice',
    /1 of this cache \(GET\), 0 of others/,
  ],
  [
    'slow-log',
    'over it, by others',
    { slowCalls: { told: [slow('KEYS', 900, false), slow('SORT', 60, false)] } },
    'warning',
    /the longest 900 ms: 0 of this cache, 2 of others \(KEYS, SORT\)/,
  ],
  ['clients', '80 %', { info: { connected_clients: 8000 } }, 'warning', /8,000 of 10,000/],
  ['clients', '95 %', { info: { connected_clients: 9500 } }, 'critical', /9,500/],
  ['clients', 'rejected ones', { info: { rejected_connections: 1 } }, 'warning', /1 connection was rejected/],
  [
    'role',
    'a replica',
    { info: { role: 'slave', master_link_status: 'down' } },
    'critical',
    /link to the master is down.*READONLY/,
  ],
  ['role', 'a node of a Cluster, alone', { info: { cluster_enabled: '1' } }, 'critical', /MOVED/],
  ['version', '6.0', { info: { redis_version: '6.0.16' } }, 'critical', /6.0.16/],
  ['version', '6.2', { info: { redis_version: '6.2.0' } }, 'ok', /6.2.0/],
  ['version', 'one without fixes', { info: { redis_version: '7.0.15' } }, 'notice', /no fixes since/],
  ['version', 'Valkey', { info: { redis_version: '7.0.0', valkey_version: '8.1.0' } }, 'ok', /Valkey 8.1.0/],
  ['persistence', 'RDB', { save: { told: '3600 1' } }, 'notice', /RDB \(save 3600 1\) is on/],
  ['persistence', 'AOF', { info: { aof_enabled: 1 } }, 'notice', /AOF is on/],
  ['persistence', 'RDB for others', { save: { told: '3600 1' }, info: others }, 'ok', /others keep keys/],
  [
    'persistence',
    'RDB that fails',
    { save: { told: '3600 1' }, info: { rdb_last_bgsave_status: 'err' } },
    'critical',
    /MISCONF/,
  ],
  ['clock', 'less than a second', clock(999), 'ok', /999 ms ahead/],
  ['clock', 'a second', clock(1500), 'notice', /1.5 s ahead/],
  ['clock', 'a second that the way may have taken', clock(1500, 600), 'ok', /give or take 600 ms/],
  ['clock', 'ten seconds', clock(-10_500), 'warning', /10.5 s behind/],
  [
    'tls',
    'plain text to another machine',
    plain(false),
    'warning',
    /goes to cache.internal:6379 as plain text/,
  ],
  ['tls', 'plain text on this one', plain(true), 'ok', /does not leave/],
  ['acl', 'every command', login({ anyCommand: true }), 'warning', /user app may do everything \(\+@all\)\./],
  ['acl', 'every key', login({ anyKey: true }), 'warning', /~\*/],
  ['acl', 'no password', login({ passwordless: true }), 'warning', /logs in with any password or none/],
  [
    'acl',
    'all of it, on this machine',
    { ...login({ anyCommand: true }), ...plain(true) },
    'notice',
    /\+@all/,
  ],
  [
    'sizing',
    'three quarters of maxmemory',
    { sizes: { told: [{ name: 'larder:shop:1:e:1:0', bytes: 1.3 * MiB }] } },
    'notice',
    /500 entries of 1.3 MiB each need 812.5 MiB, at 1.3 bytes in the server for each: 79.3 % of maxmemory/,
  ],
  ['sizing', 'little', {}, 'ok', /% of maxmemory/],
  [
    'sizing',
    'nothing',
    { sample: { told: { keys: 70, visited: 70, ours: [] } }, sizes: { told: [] } },
    'ok',
    /No entries .* among 70 keys/,
  ],
];

describe('the doctor', () => {
  it.each(cases)('%s: %s', (check, _, changes, severity, says) => {
    const finding = found(check, changes);
    expect(finding).toMatchObject({ severity, says: expect.stringMatching(says) });
    if (severity === 'warning' || severity === 'critical') expect(finding?.fix).toBeDefined();
    if (severity === 'ok') expect(finding?.fix).toBeUndefined();
  });

  it('has nothing to say of a Redis in good order', () => {
    expect(findingsOf(facts()).filter(({ severity }) => severity !== 'ok')).toEqual([]);
  });

  it('says what a shared Redis should be set to, and what that costs a queue', () => {
    const fix = found('eviction-policy', policy('noeviction', others))?.fix;
    expect(fix).toMatch(/a Redis of its own.*volatile-lru.*noeviction/);
  });

  it('does not take keys of ours that have lost their TTL for those of others', () => {
    const lost = {
      ...policy('allkeys-lru', others),
      ttls: { told: [...Array(84).fill(60_000), ...Array(8).fill(-1)] },
    };
    expect(found('eviction-policy', lost)?.severity).toBe('ok');
  });

  it('names a rule for the keys of the cache that is examined', () => {
    const rule = found('acl', { ...login({ anyKey: true }), keys: ourKeys('app:', 'blog') })?.fix;
    expect(rule).toContain('~app:blog:* resetchannels &app:blog:* -@all');
  });

  it('says of what it was refused that it is not checked, with the right that is missing, and goes on', () => {
    const findings = findingsOf(facts({ save: { refused: 'NOPERM no', right: '+config|get' } }));
    const unchecked = findings.filter(({ says }) => says.startsWith('Not checked'));
    expect(unchecked).toEqual([
      {
        check: 'persistence',
        severity: 'notice',
        says: 'Not checked, Redis refuses to tell: NOPERM no.',
        fix: 'Allow it to the user who asks (+config|get), or look where this Redis is managed.',
      },
    ]);
  });

  it('says of a server that keeps a field of INFO to itself that it does', () => {
    const told = new Map([['maxmemory', '0']]);
    const [finding] = findingsOf({ ...facts(), info: { told } }).filter(({ check }) => check === 'evictions');
    expect(finding).toMatchObject({ severity: 'notice', says: expect.stringContaining('evicted_keys') });
  });
});

describe('sizing', () => {
  it('takes the sample for the whole', () => {
    const sample = {
      told: { keys: 1_000_000, visited: 10_000, ours: Array(250).fill('larder:shop:1:e:1:x') },
    };
    expect(sizingOf(facts({ sample, ...sizes(1000, 3000) }))).toEqual({
      sampledEntries: 2,
      averageBytes: 2000,
      entries: 25_000,
      overhead: 1.25,
      neededBytes: 62_500_000,
    });
  });

  it('counts nothing for the server itself where there is next to nothing in it', () => {
    expect(sizingOf(facts({ info: { used_memory: 9 * MiB, used_memory_dataset: MiB } }))?.overhead).toBe(1);
  });

  it('adds up the nodes, and leaves out those that hold nothing', () => {
    const empty = facts({ sample: { told: { keys: 0, visited: 0, ours: [] } }, sizes: { told: [] } });
    const all = sizingOfAll([facts(sizes(1000)), empty, facts(sizes(3000))]);
    expect(all).toMatchObject({
      sampledEntries: 2,
      entries: 1000,
      averageBytes: 2000,
      neededBytes: 2_500_000,
    });
    expect(sizingOfAll([empty])).toBeUndefined();
  });
});

describe('who is logged in', () => {
  it.each([
    ['6.2', ['*'], ['larder:*', 'app:*']],
    ['7.0', '~*', '~larder:* %R~app:*'],
  ])('is read from what Redis %s tells', (_, all, some) => {
    const reply = (flags: string[], commands: string, keys: unknown) => [
      ...['flags', flags, 'passwords', [], 'commands', commands, 'keys', keys, 'channels', all],
    ];
    expect(loginOf('default', reply(['on', 'nopass'], '+@all', all))).toEqual({
      name: 'default',
      passwordless: true,
      anyCommand: true,
      anyKey: true,
    });
    expect(loginOf('app', reply(['on'], '-@all +get', some))).toEqual({
      name: 'app',
      passwordless: false,
      anyCommand: false,
      anyKey: false,
    });
  });
});

describe('why Redis cannot be asked', () => {
  it('is one line, be it of a host with one address or with several', () => {
    const refused = (address: string) => new Error(`connect ECONNREFUSED ${address}`);
    expect(reason(refused('10.0.0.1:6379'))).toBe('connect ECONNREFUSED 10.0.0.1:6379');
    expect(reason(new AggregateError([refused('::1:6379'), refused('127.0.0.1:6379')], ''))).toBe(
      'connect ECONNREFUSED ::1:6379',
    );
    expect(reason(new Error('WRONGPASS invalid.\nmore'))).toBe('WRONGPASS invalid');
  });
});

describe('keys of ours', () => {
  const one = ourKeys('larder:', 'shop');
  const any = ourKeys('larder:');

  it.each([
    ['larder:shop:1:e:9f-_Z', true, true],
    ['larder:shop:1:e:1:{h12}9f-_Z', true, true],
    ['larder:shop:1:i', true, false],
    ['larder:shop:1:l:9f', true, false],
    ['larder:shop:cart', false, false],
    ['larder:shop:1:e:9f 9f', false, false],
    ['larder:shop:1t:t:=u:https://shop.example/a?b%5B%5D=1', true, false],
    ['larder:shop:1t:t:{l3}=k:product:1', true, false],
    [`larder:shop:1t:e:4:${'x'.repeat(43)}`, true, true],
    ['larder:shop:1x:t:=k:product:1', false, false],
  ])('%s', (name, isOurs, isEntry) => {
    expect([one.isOurs(name), one.isEntry(name)]).toEqual([isOurs, isEntry]);
    expect([any.isOurs(name), any.isEntry(name)]).toEqual([isOurs, isEntry]);
  });

  it('are of one namespace only where one is given', () => {
    expect(one.isOurs('larder:blog:1:i')).toBe(false);
    expect(any.isOurs('larder:blog:1:i')).toBe(true);
  });

  it('are looked for by a pattern in which the prefix means itself', () => {
    expect(ourKeys('a*[b]?', 'shop').pattern).toBe('a\\*\\[b\\]\\?shop:*');
  });
});
