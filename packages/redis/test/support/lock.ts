import { randomUUID } from 'node:crypto';
import type { Hold, Lock, Taken } from '@larder/core';
import type { LockAt } from '@larder/core/testing';
import { Redis, type RedisOptions } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { redisTier } from '../../src/index.ts';
import { contextOf } from './context.ts';
import { untilReady } from './ready.ts';
import { client, namespace, redisUrl } from './tier.ts';

/** Longer than any test may take: what waits for it to pass fails. */
export const LONG_MS = 60_000;

export async function held(lock: Lock, key = 'key', ttlMs = LONG_MS): Promise<Hold> {
  const grant = await lock.acquire(key, ttlMs);
  if (grant.kind !== 'held') throw new Error('taken');
  return grant;
}
export async function taken(lock: Lock, key = 'key'): Promise<Taken> {
  const grant = await lock.acquire(key, LONG_MS);
  if (grant.kind !== 'taken') throw new Error('free');
  return grant;
}
/** Two handles on one place, on a server of their own if that is to be harmed. */
export async function two(place: string, url = redisUrl()) {
  const name = namespace(place);
  const { lock: mine } = await openLock(name, url);
  const { lock: theirs } = await openLock(name, url);
  const redis = await client(url);
  const keys = () => redis.keys(`larder:${name}:*`);
  return { mine, theirs, redis, keys, channel: `larder:${name}:1:f` };
}
/** A lock on a client as an app would make it. */
export async function lockOnClient(name: string, options: RedisOptions = {}, url = redisUrl()) {
  const redis = new Redis(url, options);
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  const { lock } = redisTier(redis).open(contextOf(name));
  onTestFinished(() => lock.close());
  return { redis, lock };
}
/** Keeps the client's next answer from who asked. */
export function holdBack(redis: Redis) {
  const pipeline = redis.pipeline.bind(redis);
  let goOn = () => {};
  let giveUp = () => {};
  const decided = new Promise<void>((resolve, reject) => {
    goOn = resolve;
    giveUp = () => reject(new Error('Command timed out'));
  });
  const answered = new Promise<void>((resolve) => {
    redis.pipeline = () => {
      redis.pipeline = pipeline;
      const held = pipeline();
      const exec = held.exec.bind(held);
      held.exec = async () => {
        const answers = await exec();
        resolve();
        await decided;
        return answers;
      };
      return held;
    };
  });
  return { answered, goOn, giveUp };
}

/** A lock on the server that hears what is released, gone after the test with its connections. */
export async function openLock(place: string, url = redisUrl()): Promise<LockAt> {
  const redis = await client(url);
  const { store, lock } = redisTier(url, { commandTimeoutMs: 5000 }).open(contextOf(place));
  onTestFinished(() => lock.close());
  onTestFinished(() => store.close());
  await untilReady(store);
  await untilHearing(lock);
  return { lock, pass: (ms) => untilPassed(redis, ms) };
}

/** Until a release is told and not found out: before its subscription stands, a lock only asks again and again. */
export async function untilHearing(lock: Lock): Promise<void> {
  for (;;) {
    const key = `hearing? ${randomUUID()}`;
    const hold = await lock.acquire(key, 5000);
    const grant = await lock.acquire(key, 5000);
    if (hold.kind !== 'held' || grant.kind !== 'taken') throw new Error("the key was to be nobody else's");
    const freed = grant.freed(5000);
    await hold.release('stored');
    if ((await freed) === 'stored') return;
  }
}

/** Until the server, whose time it is, has let a key of that lifetime go. */
async function untilPassed(redis: Redis, ms: number): Promise<void> {
  const key = `test:passed:${randomUUID()}`;
  await redis.set(key, '', 'PX', ms);
  await expect.poll(() => redis.exists(key), { interval: 5, timeout: 20_000 }).toBe(0);
}
