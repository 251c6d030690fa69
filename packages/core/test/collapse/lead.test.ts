import { describe, expect, it } from 'vitest';
import { Flights, type Landing } from '../../src/collapse/flight.ts';
import { Lead, LOCK_TTL_MS } from '../../src/collapse/lead.ts';
import { fillLimits } from '../../src/collapse/limits.ts';
import { Turns } from '../../src/collapse/turns.ts';
import type { Ending, Hold } from '../../src/lock.ts';
import { manualClock } from '../../src/testing/index.ts';
import { later, pass, settled, watched } from '../support/processes.ts';

const limits = fillLimits({ maxConcurrentFills: 1 });
const SHARED: Landing<string> = { kind: 'shared', result: 'value' };

function rig() {
  const clock = manualClock();
  const flights = new Flights<string>(clock, limits);
  const turns = new Turns(limits);
  const ended: Landing<string>[] = [];
  const flight = flights.lead('key', ['tag']);
  const lead = new Lead<string>({ clock, flight, ended: (landing) => ended.push(landing) });
  return { clock, flights, turns, ended, flight, lead };
}

/** A lock that is held, and what is done with it. */
function recordedHold(does: Partial<Hold> = {}) {
  const extended: number[] = [];
  const released: Ending[] = [];
  const hold: Hold = {
    kind: 'held',
    async extend(ms) {
      extended.push(ms);
      return true;
    },
    async release(ending) {
      released.push(ending);
    },
    ...does,
  };
  return { hold, extended, released };
}

const FOREVER = Number.POSITIVE_INFINITY;

describe('a lead', () => {
  it('lands once, and gives everything back', async () => {
    const { lead, turns, flights, ended } = rig();
    const { hold, released } = recordedHold();
    await lead.takeTurn(turns.take('key', 'leader'));
    lead.keep(hold);
    lead.begin(1000);
    lead.land(SHARED);
    lead.land({ kind: 'failed' });
    await lead.over;
    expect([turns.running, flights.size, released, ended]).toEqual([0, 0, ['stored'], [SHARED]]);
  });

  it.each([
    [{ kind: 'shared', result: 'value' }, 'stored'],
    [{ kind: 'unshared', reason: 'private' }, 'unshared'],
    [{ kind: 'failed' }, 'failed'],
    [{ kind: 'again' }, 'lost'],
  ] as const)('that lands as %o tells other processes: %s', (landing, ending) => {
    const { lead } = rig();
    const { hold, released } = recordedHold();
    lead.keep(hold);
    lead.land(landing);
    expect(released).toEqual([ending]);
  });

  it('extends its lock while it lasts, and not after', async () => {
    const { lead, clock } = rig();
    const { hold, extended } = recordedHold();
    lead.keep(hold);
    await pass(clock, 10 * LOCK_TTL_MS);
    expect(extended.length).toBeGreaterThanOrEqual(10);
    expect(new Set(extended)).toEqual(new Set([LOCK_TTL_MS]));
    lead.land(SHARED);
    const before = extended.length;
    await pass(clock, 10 * LOCK_TTL_MS);
    expect(extended).toHaveLength(before);
  });

  it('does not extend again what is not its own any more', async () => {
    const { lead, clock } = rig();
    const calls: number[] = [];
    const { hold } = recordedHold({
      async extend(ms) {
        calls.push(ms);
        return false;
      },
    });
    lead.keep(hold);
    await pass(clock, 10 * LOCK_TTL_MS);
    expect(calls).toHaveLength(1);
  });

  it('does not extend what was let go of while it was being extended', async () => {
    const { lead, clock } = rig();
    const answer = later<boolean>();
    const calls: number[] = [];
    const { hold } = recordedHold({
      extend(ms) {
        calls.push(ms);
        return answer.promise;
      },
    });
    lead.keep(hold);
    await pass(clock, LOCK_TTL_MS / 3);
    lead.land(SHARED);
    answer.resolve(true);
    await pass(clock, 10 * LOCK_TTL_MS);
    expect(calls).toHaveLength(1);
  });

  it('lets go at once of a lock that comes after it has landed', () => {
    const { lead } = rig();
    const { hold, released, extended } = recordedHold();
    lead.land(SHARED);
    lead.keep(hold);
    expect([released, extended]).toEqual([['lost'], []]);
  });

  it('gives back at once a turn that comes after it has landed', async () => {
    const { lead, turns } = rig();
    const other = await turns.take('other', 'leader').turn;
    const taking = lead.takeTurn(turns.take('key', 'leader'));
    lead.land(SHARED);
    other.end();
    await taking;
    expect([turns.running, turns.waiting]).toEqual([0, 0]);
  });

  it('lands as failed when its time is up, counted from where it began last', () => {
    const { lead, clock, ended } = rig();
    lead.begin(1000);
    clock.advance(999);
    lead.begin(1000);
    clock.advance(999);
    expect(lead.landed).toBe(false);
    clock.advance(1);
    expect(ended).toEqual([{ kind: 'failed' }]);
  });

  it('lets go of its lock when nobody may join it any more, and is under way still', async () => {
    const { lead, flights, flight } = rig();
    const { hold, released } = recordedHold();
    lead.keep(hold);
    const following = watched(flight.follow(1000, FOREVER));
    flights.detach(['other', 'tag']);
    await settled();
    expect([released, flights.size, lead.landed, following.state]).toEqual([['lost'], 0, false, 'waiting']);
    lead.land(SHARED);
    await settled();
    expect([released, following.value]).toEqual([['lost'], SHARED]);
  });

  it('is released even where the lock cannot be told', async () => {
    const { lead } = rig();
    const { hold } = recordedHold({ release: () => Promise.reject(new Error('gone')) });
    lead.keep(hold);
    lead.land(SHARED);
    await lead.released;
  });

  it('that was hurried while it waited for another process does not queue when it comes back', async () => {
    const { lead, flight, turns } = rig();
    await lead.takeTurn(turns.take('key', 'leader'));
    lead.giveTurnBack();
    await turns.take('other', 'leader').turn;
    flight.hurry();
    const taken = watched(lead.takeTurn(turns.take('key', 'leader')));
    await settled();
    expect([taken.state, turns.running]).toEqual(['given', 2]);
  });
});

describe('a flight', () => {
  it('is waited for from when it has its turn, unless one has less patience', async () => {
    const { flight, clock } = rig();
    const following = [flight.follow(1000, FOREVER), flight.follow(1000, 500)].map(watched);
    await pass(clock, 60_000);
    expect(following.map(({ state }) => state)).toEqual(['waiting', 'given']);
    flight.begin();
    await settled();
    await pass(clock, 1000);
    expect(following[0]!.value).toEqual({ kind: 'late' });
  });

  it('is found by its key until it lands', () => {
    const { flights, flight } = rig();
    expect([flights.find('key'), flights.find('other')]).toEqual([flight, undefined]);
    flight.land(SHARED);
    expect([flights.find('key'), flights.size]).toEqual([undefined, 0]);
  });

  it('is waited for as long as was said, and no longer', async () => {
    const { flight, clock } = rig();
    flight.begin();
    const following = [flight.follow(1000, FOREVER), flight.follow(FOREVER, FOREVER)].map(watched);
    await pass(clock, 999);
    expect(following[0]!.state).toBe('waiting');
    await pass(clock, 1);
    expect(following[0]!.value).toEqual({ kind: 'late' });
    flight.land(SHARED);
    await settled();
    expect(following[1]!.value).toEqual(SHARED);
  });

  it('has so many followers and no more, until some have stopped waiting', async () => {
    const clock = manualClock();
    const flights = new Flights<string>(clock, fillLimits({ maxFollowers: 2 }));
    const flight = flights.lead('key', []);
    flight.begin();
    for (const ms of [1000, 5000]) flight.follow(ms, FOREVER);
    expect([flights.find('key'), flights.isFull('key')]).toEqual([undefined, true]);
    await pass(clock, 1000);
    expect(flights.find('key')).toBe(flight);
  });

  it('that nobody may join leaves its place to another, and does not take it back', () => {
    const { flights, flight } = rig();
    flights.detach(['tag']);
    const next = flights.lead('key', []);
    flight.land(SHARED);
    expect(flights.find('key')).toBe(next);
  });

  it('is one of so many and no more', () => {
    const flights = new Flights<string>(manualClock(), fillLimits({ maxFlights: 2 }));
    flights.lead('a', []);
    expect(flights.isFull('c')).toBe(false);
    flights.lead('b', []);
    expect(flights.isFull('c')).toBe(true);
  });
});
