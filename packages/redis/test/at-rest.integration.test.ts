import { createHash } from 'node:crypto';
import zlib from 'node:zlib';
import { encodeFrame, type Framed } from '@larder/core';
import { manualClock } from '@larder/core/testing';
import { describe, expect, it } from 'vitest';
import { type Resting, resting } from './support/at-rest.ts';
import { namespace } from './support/tier.ts';

/** The cache has no memory of its own here, so that it has what Redis has. */
const inRedis = () => resting({ memory: false });

const reasons = ({ observer }: Resting) => observer.of('unreadable').map(({ reason }) => reason);

/** What it answers with these bytes in place of its entry: another value each time it has to load. */
async function answersWith(it: Resting, bytes: Buffer): Promise<string> {
  const name = await it.place();
  await it.redis.set(name, bytes, 'PX', 60_000);
  const answer = await it.ask();
  // Overwritten by what was loaded, which the next one is given.
  expect(await it.redis.getBuffer(name)).not.toEqual(bytes);
  expect(await it.ask()).toBe(answer);
  return answer;
}

/** The same entry with another body, sealed by somebody who knows how. */
function sealed({ entry, epochs }: Framed, body: Buffer, bytes: number): Buffer {
  if (entry.payload.kind === 'variants') throw new Error('a value has a body');
  const forged = { ...entry, payload: { ...entry.payload, body } };
  return encodeFrame({ entry: forged, epochs, coding: { name: 'gzip', bytes } });
}

describe('F18: an entry that is not what was written', () => {
  it('F18: with any one byte changed is a miss, is overwritten, and is told of', async () => {
    const cache = await inRedis();
    const answers = new Set([await cache.ask()]);
    const whole = await cache.bytes();
    for (let at = 0; at < whole.length; at += 1) {
      const spoilt = Buffer.from(whole);
      spoilt[at]! ^= 1 << (at % 8);
      answers.add(await answersWith(cache, spoilt));
    }
    expect(answers.size).toBe(1 + whole.length);
    expect(new Set(reasons(cache))).toEqual(new Set(['damaged', 'version']));
    expect(reasons(cache).length).toBeGreaterThanOrEqual(whole.length);
  });

  it('F18: cut at any length is a miss, is overwritten, and is told of', async () => {
    const cache = await inRedis();
    const answers = new Set([await cache.ask()]);
    const whole = await cache.bytes();
    for (let length = 0; length < whole.length; length += 1)
      answers.add(await answersWith(cache, whole.subarray(0, length)));
    expect(answers.size).toBe(1 + whole.length);
    expect(new Set(reasons(cache))).toEqual(new Set(['damaged']));
  });

  it('F18: of any bytes, or with any behind it, is a miss, is overwritten, and is told of', async () => {
    const cache = await inRedis();
    const answers = new Set([await cache.ask()]);
    const whole = await cache.bytes();
    for (let i = 0; i < 200; i += 1) {
      const noise = createHash('shake256', { outputLength: 1 + ((i * 37) % 3000) })
        .update(String(i))
        .digest();
      answers.add(await answersWith(cache, i % 2 === 0 ? noise : Buffer.concat([whole, noise])));
    }
    expect(answers.size).toBe(201);
    expect(reasons(cache).length).toBeGreaterThanOrEqual(200);
  });

  it('F18: with a body that inflates to something else than it says is a miss', async () => {
    const cache = await inRedis();
    const first = await cache.ask();
    const framed = await cache.framed();
    const text = Buffer.from(JSON.stringify('forged '.repeat(100)));
    const body = zlib.gzipSync(text);
    for (const bytes of [text.length - 1, text.length + 1, 1024 * 1024])
      expect(await answersWith(cache, sealed(framed, body, bytes))).not.toBe(first);
    const bomb = zlib.gzipSync(Buffer.alloc(16 * 1024 * 1024));
    expect(await answersWith(cache, sealed(framed, bomb, 20_000))).not.toBe(first);
    expect(new Set(reasons(cache))).toEqual(new Set(['malformed']));
    // Larger than it may be, whatever it is.
    expect(await answersWith(cache, sealed(framed, bomb, 2 ** 32 - 1))).not.toBe(first);
    expect(reasons(cache).at(-1)).toBe('coding');
  });
});

describe('F19: an entry of another version', () => {
  /** As version 3 has written one. */
  const OLDER = Buffer.from(
    '4c03a8dfb49600000041000000016b427a3185c50000000000000100000003743a61000000016500000002427a3185c50000' +
      '00427a3185c5000000427a3185c50000003ff000000000000031',
    'hex',
  );

  it('F19: is a miss and no alarm, be it older or newer', async () => {
    const cache = await inRedis();
    const first = await cache.ask();
    const newer = Buffer.from(await cache.bytes());
    newer[1]! += 1;
    expect(await answersWith(cache, OLDER)).not.toBe(first);
    expect(await answersWith(cache, newer)).not.toBe(first);
    expect(new Set(reasons(cache))).toEqual(new Set(['version']));
  });

  it('F19: lies beside it, so that neither overwrites the other, and falls with the same tags', async () => {
    const cache = await inRedis();
    await cache.ask();
    const ours = await cache.place();
    const version = (await cache.bytes())[1]!;
    const theirs = ours.replace(`:e:${version}:`, `:e:${version - 1}:`);
    expect(theirs).not.toBe(ours);
    const epochs = await cache.names('t');
    await cache.redis.del(ours);
    await cache.redis.set(theirs, OLDER, 'PX', 60_000);
    const answer = await cache.ask();
    expect(await cache.ask()).toBe(answer);
    expect(await cache.redis.getBuffer(theirs)).toEqual(OLDER);
    expect(reasons(cache)).toEqual([]);
    // What an invalidation removes is nothing of a version's own.
    expect((await cache.names('t')).sort()).toEqual(epochs.sort());
  });
});

describe('F20: an entry of another key', () => {
  it('F20: under the digest of this one is a miss, an alarm, and overwritten', async () => {
    const cache = await inRedis();
    const bobs = await cache.ask('of bob');
    const place = await cache.place();
    await cache.ask('of alice');
    const other = (await cache.names('e')).find((name) => name !== place)!;
    await cache.redis.set(place, (await cache.redis.getBuffer(other))!, 'PX', 60_000);
    const answer = await cache.ask('of bob');
    expect(answer).toMatch(/^of bob/);
    expect(answer).not.toBe(bobs);
    expect(new Set(reasons(cache))).toEqual(new Set(['key']));
    expect(await cache.ask('of bob')).toBe(answer);
    expect(await cache.ask('of alice')).toMatch(/^of alice/);
  });
});

describe('F22: an entry that ends in Redis and in memory at different times', () => {
  const shared = async () => {
    const [clock, space] = [manualClock(Date.now()), namespace('ends')];
    return { clock, one: await resting({ clock, in: space }), two: await resting({ clock, in: space }) };
  };

  it('F22: is asked for in Redis again after a second at most, and not used when it has ended there', async () => {
    const { clock, one } = await shared();
    const first = await one.ask();
    await one.redis.pexpire(await one.place(), 1);
    await expect.poll(() => one.names('e')).toEqual([]);
    clock.advance(999);
    expect(await one.ask()).toBe(first);
    clock.advance(1);
    expect(await one.ask()).not.toBe(first);
  });

  it('F22: is not used after its lifetime, however long Redis keeps it', async () => {
    const { clock, one, two } = await shared();
    const first = await one.ask();
    await one.redis.persist(await one.place());
    clock.advance(59_999);
    expect(await two.ask()).toBe(first);
    clock.advance(1);
    const second = await two.ask();
    expect(second).not.toBe(first);
    expect(await one.ask()).toBe(second);
  });

  it('F22: lives in memory no longer than what was left of it when it was read', async () => {
    const { clock, one, two } = await shared();
    const first = await one.ask();
    clock.advance(59_500);
    expect(await two.ask()).toBe(first);
    const [bytes, place] = [await one.bytes(), await one.place()];
    // Half a second before the copy would be confirmed again.
    clock.advance(500);
    expect(await two.ask()).not.toBe(first);
    expect(two.observer.of('remove').map(({ cause }) => cause)).toEqual(['expire']);
    // Nor when what has ended comes back.
    await one.redis.set(place, bytes);
    clock.advance(1000);
    expect(await two.ask()).not.toBe(first);
  });
});
