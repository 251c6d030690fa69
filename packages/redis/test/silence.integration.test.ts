import { Cache } from '@larder/core';
import { recordingObserver } from '@larder/core/testing';
import { type Connection, SILENCE, spawnRedis, tcpProxy } from '@larder/servers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { redisTier } from '../src/index.ts';

/** A client gives the other side two seconds to end as well. */
const PATIENCE = { timeout: 20_000 };

/** Only what looks at connections every so often; all else takes its time. */
function looks() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  return () => vi.advanceTimersByTime(10_000);
}

async function behindProxy() {
  const redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  const proxy = await tcpProxy(redis.port);
  onTestFinished(() => proxy.stop());
  const { observe, of } = recordingObserver();
  const cache = () => {
    const made = new Cache({
      redis: redisTier(proxy.url, { commandTimeoutMs: 20_000 }),
      observe,
      memory: false,
    });
    onTestFinished(() => made.close());
    return made;
  };
  const states = () => of('connection').map(({ state }) => state);
  return { proxy, cache, states };
}

/** The first connection that asks is silent, and no other. */
const firstOnly = () => {
  let first: Connection | undefined;
  return (connection: Connection) => {
    first ??= connection;
    return connection === first;
  };
};

describe('a connection of our own that is silent', () => {
  it('though it owes an answer, is made anew', async () => {
    const look = looks();
    const { proxy, cache, states } = await behindProxy();
    cache();
    await expect.poll(states).toEqual(['ready']);
    for (const pings of [1, 2]) {
      look();
      await expect.poll(() => proxy.connections[0]?.sent('ping')).toBe(pings);
      await expect.poll(() => proxy.connections[0]!.passed.replies).toBeGreaterThan(0);
    }
    proxy.impose(SILENCE, firstOnly());
    look();
    look();
    await expect.poll(states, PATIENCE).toEqual(['ready', 'lost', 'ready']);
  });

  it('and has never greeted, is made anew', async () => {
    const look = looks();
    const { proxy, cache, states } = await behindProxy();
    proxy.impose(SILENCE, firstOnly());
    cache();
    await expect.poll(() => proxy.connections[0]?.passed.requests).toBeDefined();
    await expect.poll(() => proxy.connections[0]?.sent('client')).toBe(1);
    expect(states()).toEqual([]);
    look();
    look();
    await expect.poll(states, PATIENCE).toEqual(['ready']);
    expect(proxy.accepted).toBe(2);
  });
});
