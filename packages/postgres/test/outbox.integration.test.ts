import { manualClock } from '@larder/core/testing';
import { describe, expect, it } from 'vitest';
import {
  database,
  databaseUrl,
  gateOfRemovals,
  NEVER_POLL,
  openOutbox,
  poll,
  recorded,
  watchedCache,
} from './support/database.ts';
import { poolOf } from './support/pool.ts';
import { insertInto } from './support/rows.ts';

describe('what is recorded in a transaction', () => {
  it('is delivered after its commit, whichever transaction has recorded first', async () => {
    const at = await database();
    const { cache, read } = watchedCache();
    const outbox = openOutbox(at, [cache], NEVER_POLL);
    const [first, second] = [await read('first'), await read('second')];
    const slow = await at.pool.connect();
    await slow.query('BEGIN');
    await outbox.record(slow, 'first');
    await recorded(at, outbox, ['second']);
    await poll(() => read('second')).not.toBe(second);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    expect(await read('first')).toBe(first);
    await slow.query('COMMIT');
    slow.release();
    await poll(() => read('first')).not.toBe(first);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });

  it('goes with it where that is rolled back', async () => {
    const at = await database();
    const { cache, read } = watchedCache();
    const outbox = openOutbox(at, [cache]);
    const [undone, done] = [await read('undone'), await read('done')];
    const client = await at.pool.connect();
    await client.query('BEGIN');
    await outbox.record(client, ['undone']);
    await client.query('ROLLBACK');
    client.release();
    await recorded(at, outbox, ['done']);
    await poll(() => read('done')).not.toBe(done);
    expect(await read('undone')).toBe(undone);
  });

  it('may be everything', async () => {
    const at = await database();
    const { cache, read } = watchedCache();
    const outbox = openOutbox(at, [cache], NEVER_POLL);
    const before = await read('any');
    await outbox.recordAll(at.pool);
    await poll(() => read('any')).not.toBe(before);
  });

  it('is refused there where it can be no tag, or nobody knows whose', async () => {
    const at = await database();
    const [{ cache }, other] = [watchedCache(), watchedCache()];
    const outbox = openOutbox(at, [cache]);
    await expect(outbox.record(at.pool, ['x'.repeat(513)])).rejects.toMatchObject({
      code: 'LARDER_INVALID_TAG',
    });
    const refusal = { code: 'LARDER_INVALID_OPTIONS' };
    await expect(outbox.record(at.pool, 'a', { namespace: 'a b' })).rejects.toMatchObject(refusal);
    await expect(openOutbox(at, []).record(at.pool, 'a')).rejects.toMatchObject(refusal);
    const both = openOutbox(at, [cache, other.cache]);
    await expect(both.record(at.pool, 'a')).rejects.toMatchObject(refusal);
    expect(await outbox.waiting()).toMatchObject({ rows: 0 });
  });
});

describe('what waits in an outbox', () => {
  it('is invalidated together, each tag once a batch', async () => {
    const at = await database();
    const { cache, invalidations } = watchedCache();
    await insertInto(at, cache.namespace, Array(250).fill(['a', 'b']));
    const outbox = openOutbox(at, [cache], { ...NEVER_POLL, batchRows: 100 });
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    expect(invalidations()).toEqual([2, 2, 2]);
  });

  it('is found though nobody has told of it', async () => {
    const at = await database();
    const clock = manualClock();
    const { cache, read } = watchedCache();
    const before = await read('a');
    const outbox = openOutbox(at, [cache], { clock, listen: false });
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    await insertInto(at, cache.namespace, [['a']]);
    await poll(() => {
      clock.advance(1000);
      return read('a');
    }).not.toBe(before);
  });

  it('is for the process that has a cache of its namespace, and stays for it', async () => {
    const at = await database();
    const [mine, theirs] = [watchedCache(), watchedCache()];
    const outbox = openOutbox(at, [mine.cache], NEVER_POLL);
    const before = await mine.read('a');
    await recorded(at, outbox, ['a'], theirs.cache.namespace);
    await recorded(at, outbox, ['a']);
    await poll(() => mine.read('a')).not.toBe(before);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 1 });
    const kept = await theirs.read('a');
    openOutbox(at, [theirs.cache], NEVER_POLL);
    await poll(() => theirs.read('a')).not.toBe(kept);
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
  });

  it('is counted, and how long the oldest has waited', async () => {
    const at = await database();
    const outbox = openOutbox(at, []);
    expect(await outbox.waiting()).toEqual({ rows: 0, oldestSeconds: 0 });
    await insertInto(at, 'nobody', [['a'], ['b']], { ageSeconds: 90 });
    const { rows, oldestSeconds } = await outbox.waiting();
    expect(rows).toBe(2);
    expect(oldestSeconds).toBeGreaterThanOrEqual(90);
  });

  it.each([
    ['a tag that is too long', ['x'.repeat(513)]],
    ['an empty tag', ['']],
    ['no text at all', [null]],
    ['too many tags', Array.from({ length: 65 }, (_, i) => `tag ${i}`)],
  ])('is everything where it makes no sense (%s), and holds nobody up', async (_, tags) => {
    const at = await database();
    const { cache, read, errors } = watchedCache();
    const told: unknown[] = [];
    const [untold, behind] = [await read('untold'), await read('behind')];
    await insertInto(at, cache.namespace, [tags, ['behind']]);
    const outbox = openOutbox(at, [cache], { batchRows: 1, onError: (error) => told.push(error) });
    await poll(() => outbox.waiting()).toMatchObject({ rows: 0 });
    expect(await read('untold')).not.toBe(untold);
    expect(await read('behind')).not.toBe(behind);
    expect(errors()).toEqual([expect.objectContaining({ code: 'LARDER_INVALID_TAG' })]);
    expect(told).toEqual(errors());
  });

  it('is delivered once by processes that look at the same time, and none of it is lost', async () => {
    const at = await database();
    const [one, other] = [watchedCache(), watchedCache()];
    const twin = watchedCache({ namespace: one.cache.namespace });
    const rows = Array.from({ length: 500 }, (_, i) => [`tag ${i}`]);
    await insertInto(at, one.cache.namespace, rows);
    const second = poolOf(databaseUrl(), at.schema);
    const pools = [at.pool, second];
    const outboxes = [one, twin].map(({ cache }, i) =>
      openOutbox({ pool: pools[i]!, table: at.table }, [cache], { batchRows: 7 }),
    );
    await poll(() => outboxes[0]!.waiting()).toMatchObject({ rows: 0 });
    await Promise.all(outboxes.map((outbox) => outbox.close()));
    await second.end();
    const each = [...one.invalidations(), ...twin.invalidations()];
    expect(each.reduce((sum, tags) => sum + tags, 0)).toBe(500);
    expect(other.invalidations()).toEqual([]);
  });
});

describe('closing', () => {
  it('waits for what is under way, and begins nothing more', async () => {
    const at = await database();
    const held = await gateOfRemovals(at);
    const { cache } = watchedCache();
    await insertInto(at, cache.namespace, [['a'], ['b']]);
    const outbox = openOutbox(at, [cache], { batchRows: 1 });
    await held.reached();
    const steps: string[] = [];
    const closing = outbox.close().then(() => steps.push('closed'));
    await held.open().then(() => steps.push('opened'));
    await closing;
    await outbox.close();
    expect(steps).toEqual(['opened', 'closed']);
    expect(await outbox.waiting()).toMatchObject({ rows: 1 });
  });
});
