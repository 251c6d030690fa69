import { afterEach, describe, expect, it } from 'vitest';
import type { CacheKey } from '../key.ts';
import { ENDINGS, type Hold, type Lock, type Taken } from '../lock.ts';

export interface LockAt {
  readonly lock: Lock;
  /** Lets at least that much time pass where the lock's time is kept. */
  pass(ms: number): Promise<void> | void;
}

/** Opens a lock that hears what others release; called again with the same `place`, a second handle on the same keys. */
export type OpenLock = (place: string) => Promise<LockAt> | LockAt;

/** Real time for some locks: what runs out, what runs out after something else was done, and what does not. */
const SHORT_MS = 100;
const ENOUGH_MS = 1000;
const LONG_MS = 60_000;

let places = 0;

/** What every `Lock` between processes must do, as tests for vitest. */
export function lockContract(name: string, open: OpenLock): void {
  const opened: Lock[] = [];
  const openAt = async (place: string) => {
    const at = await open(place);
    opened.push(at.lock);
    return at;
  };
  /** Two handles on a new place, as two processes have them. */
  const two = async () => {
    places += 1;
    const place = `place-${places}`;
    const [mine, theirs] = await Promise.all([openAt(place), openAt(place)]);
    return { mine: mine.lock, theirs: theirs.lock, pass: mine.pass };
  };
  afterEach(async () => {
    for (const lock of opened.splice(0)) await lock.close();
  });

  describe(`${name} keeps the lock contract`, () => {
    it('gives a free key, and refuses a held one, in the same process as in another', async () => {
      const { mine, theirs } = await two();
      await held(mine);
      await taken(mine);
      await taken(theirs);
    });

    it('keeps keys apart, also those that differ in case, in white space and in unusual characters', async () => {
      const { mine, theirs } = await two();
      const keys = ['key', 'KEY', 'key ', ' ', '', 'k\0ey', 'k\r\ney', 'kéy', '{key}', 'key*', 'key+', '💥'];
      const holds = [];
      for (const key of keys) holds.push(await held(mine, key));
      for (const key of keys) await taken(theirs, key);
      await holds[0]!.release('stored');
      await held(theirs, keys[0]);
      for (const key of keys.slice(1)) await taken(theirs, key);
    });

    it.each(ENDINGS)('frees a key that is released, and tells all who wait for it: %s', async (ending) => {
      const { mine, theirs } = await two();
      const hold = await held(mine);
      const waiting = [await taken(mine), await taken(theirs), await taken(theirs)];
      const other = await held(mine, 'other');
      const heard = waiting.map((grant) => grant.freed(LONG_MS));
      const elsewhere = (await taken(theirs, 'other')).freed(LONG_MS);
      await hold.release(ending);
      expect(await Promise.all(heard)).toEqual([ending, ending, ending]);
      await held(theirs);
      const differently = ENDINGS.find((word) => word !== ending)!;
      await other.release(differently);
      expect(await elsewhere).toBe(differently);
    });

    it('tells of a release that came before the wait began', async () => {
      const { mine, theirs } = await two();
      const hold = await held(mine);
      const grant = await taken(theirs);
      await hold.release('stored');
      expect(await grant.freed(LONG_MS)).toBe('stored');
    });

    it('tells of a release that comes while the key is being asked for', async () => {
      const { mine, theirs } = await two();
      for (let round = 0; round < 100; round += 1) {
        const hold = await held(mine);
        const [grant] = await Promise.all([theirs.acquire('key', LONG_MS), hold.release('stored')]);
        if (grant.kind === 'taken') expect(await grant.freed(LONG_MS)).toBe('stored');
        else await grant.release('lost');
      }
    });

    it('wakes who waits after the time that it would wait, and the key stays taken', async () => {
      const { mine, theirs, pass } = await two();
      await held(mine);
      const freed = (await taken(theirs)).freed(SHORT_MS);
      await pass(SHORT_MS);
      expect(await freed).toBeUndefined();
      await taken(theirs);
    });

    it('lets another succeed a holder that died, once its time has run out', async () => {
      const { mine, theirs, pass } = await two();
      await held(mine, 'key', ENOUGH_MS);
      const freed = (await taken(theirs)).freed(LONG_MS);
      await pass(ENOUGH_MS);
      expect(await freed).toBeUndefined();
      await held(theirs);
    });

    it('is held for longer when it is extended, and still tells of its release', async () => {
      const { mine, theirs, pass } = await two();
      const hold = await held(mine, 'key', ENOUGH_MS);
      await taken(theirs);
      expect(await hold.extend(LONG_MS)).toBe(true);
      await pass(ENOUGH_MS);
      const freed = (await taken(theirs)).freed(LONG_MS);
      await hold.release('stored');
      expect(await freed).toBe('stored');
    });

    it('cannot be extended once it has run out', async () => {
      const { mine, pass } = await two();
      const hold = await held(mine, 'key', SHORT_MS);
      await pass(SHORT_MS);
      expect(await hold.extend(LONG_MS)).toBe(false);
      await held(mine);
    });

    it('is neither freed nor extended by a holder whose time ran out and who was succeeded', async () => {
      const { mine, theirs, pass } = await two();
      const late = await held(mine, 'key', SHORT_MS);
      await pass(SHORT_MS);
      const successor = await held(theirs);
      const freed = (await taken(mine)).freed(LONG_MS);
      expect(await late.extend(LONG_MS)).toBe(false);
      await late.release('failed');
      await taken(mine);
      await successor.release('stored');
      expect(await freed).toBe('stored');
    });

    it('is freed once, however often it is released', async () => {
      const { mine, theirs } = await two();
      const hold = await held(mine);
      await hold.release('stored');
      await held(theirs);
      await hold.release('stored');
      await taken(mine);
    });

    it('closes twice without complaint, and keeps nobody waiting', async () => {
      const { mine, theirs } = await two();
      await held(mine);
      const freed = (await taken(theirs)).freed(LONG_MS);
      await theirs.close();
      await theirs.close();
      expect(await freed).toBeUndefined();
      await taken(mine);
    });
  });
}

async function held(lock: Lock, key: CacheKey = 'key', ttlMs = LONG_MS): Promise<Hold> {
  const grant = await lock.acquire(key, ttlMs);
  if (grant.kind !== 'held') throw new Error(`${JSON.stringify(key)} was to be free, and is taken`);
  return grant;
}

async function taken(lock: Lock, key: CacheKey = 'key'): Promise<Taken> {
  const grant = await lock.acquire(key, LONG_MS);
  if (grant.kind !== 'taken') throw new Error(`${JSON.stringify(key)} was to be taken, and is free`);
  return grant;
}
