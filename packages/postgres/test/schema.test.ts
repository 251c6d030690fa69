import { Cache } from '@larder/core';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createOutbox, outboxSchema, type TriggerOptions, triggerSchema } from '../src/index.ts';
import { waitMs } from '../src/listener.ts';

const refusal = expect.objectContaining({ code: 'LARDER_INVALID_OPTIONS' });

describe('the SQL of an outbox', () => {
  it('names its table, quoted', () => {
    expect(outboxSchema()).toContain('CREATE TABLE IF NOT EXISTS "larder_outbox" (');
    expect(outboxSchema({ table: 'shop.Out box' })).toContain('"shop"."Out box"');
    expect(outboxSchema({ table: ['my.schema', 'x"; DROP'] })).toContain('"my.schema"."x""; DROP"');
  });

  it.each([
    '',
    'a.b.c',
    '.a',
    'a.',
    'x'.repeat(64),
    'é'.repeat(32),
    'a\0',
    7,
    null,
    [],
    ['a', 'b', 'c'],
    ['a', 7],
  ])('refuses a table that cannot be one: %j', (table) => {
    expect(() => outboxSchema({ table: table as string })).toThrow(refusal);
  });
});

describe('the SQL of triggers', () => {
  const options: TriggerOptions = { table: 'products', tags: ['product:{id}'], namespace: 'shop' };

  it.each([
    '',
    '{',
    '}',
    'product:{id',
    'product:id}',
    '{}',
    'a{{b}}',
    '{{id}}',
    '{a{b}}',
    'a\0',
    `{${'x'.repeat(64)}}`,
    7,
  ])('refuses a tag whose braces mean nothing: %j', (tag) => {
    expect(() => triggerSchema({ ...options, tags: ['fine', tag as string] })).toThrow(refusal);
  });

  it.each([
    { tags: [] },
    { tags: 'product:{id}' as never },
    { namespace: 'a b' },
    { namespace: undefined as never },
    { maxTags: 0 },
    { outbox: '' },
    { table: '' },
    { truncate: 'a\0' },
    { exceptApplication: 7 as never },
    { when: 'always' } as never,
  ])('refuses what makes no sense: %j', (wrong) => {
    expect(() => triggerSchema({ ...options, ...(wrong as object) })).toThrow(refusal);
  });

  it('refuses a tag for TRUNCATE that the cache would refuse', () => {
    expect(() => triggerSchema({ ...options, truncate: '' })).toThrow('LARDER_INVALID_TAG');
  });
});

describe('an outbox', () => {
  const pool = new pg.Pool();
  const cache = new Cache();

  it.each([
    {},
    { caches: cache },
    { caches: [{}] },
    { caches: [cache, new Cache()] },
    { caches: [cache], pollMs: 0 },
    { caches: [cache], batchRows: 1.5 },
    { caches: [cache], listen: true },
    { caches: [cache], onError: 'log' },
    { caches: [cache], table: 'a.b.c' },
    { caches: [cache], retries: 3 },
  ])('refuses what makes no sense: %#', (options) => {
    expect(() => createOutbox(pool, options as never)).toThrow(refusal);
    expect(() => createOutbox({} as never, { caches: [cache] })).toThrow(refusal);
  });

  it('waits longer after each failure to listen, up to ten seconds, and not as long as others do', () => {
    expect([0, 1, 2].map((failures) => waitMs(failures, 1))).toEqual([100, 200, 400]);
    expect([waitMs(50, 1), waitMs(50, 0)]).toEqual([10_000, 5_000]);
  });
});
