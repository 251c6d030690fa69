import type { Act, Place } from './acts.ts';
import { LAG_MS } from './ledger.ts';
import type { How } from './process.ts';
import type { Loss, Name } from './world.ts';

const read = (by: Name, strict = false): Act => ({ act: 'read', by, strict });
const page = (by: Name): Act => ({ act: 'page', by });
const write = (by: Name, how: How = 'hard'): Act => ({ act: 'write', by, how });
const hold = (by: Name, place: Place): Act => ({ act: 'hold', by, place });
const pass = (part: number): Act => ({ act: 'pass', ms: Math.ceil(LAG_MS * part) });
const on: Act = { act: 'on', once: false };
const onAt = (by: Name, place: Place): Act => ({ act: 'on', once: false, at: `${by} ${place}` });
const once: Act = { act: 'on', once: true };
const lose = (what: Loss): Act => ({ act: 'lose', what });
const cut = (by: Name): Act => ({ act: 'cut', by, lost: true });
const full: Act = { act: 'redis', is: 'full' };
const unwritable: Act = { act: 'redis', is: 'unwritable' };
const rest: Act = { act: 'rest' };

/** What is known to go wrong without one rule of the protocol or another, were it let alone. */
export const MOTIFS: Readonly<Record<string, (one: Name, other: Name) => readonly Act[]>> = {
  'a load outlasts a write': (one, other) => [
    ...[hold(one, 'reads'), read(one), rest, write(other), rest, read(one), read(other), on, rest],
    read(one),
  ],
  'a load outlasts a write of its own process': (one) => [
    ...[hold(one, 'reads'), read(one), rest, write(one), rest, read(one), on],
  ],
  'a handler that names its tag outlasts a write': (one, other) => [
    ...[hold(one, 'reads'), page(one), rest, write(other), on, rest, page(other), page(one)],
  ],
  'a page is stored in the midst of a write': (one, other) => [
    ...[hold(one, 'reads'), page(one), rest, hold(other, '←'), write(other), rest, onAt(one, 'reads'), rest],
    ...[on, rest, page(one), page(other)],
  ],
  'a fill is as old as the lag': (one, other) => [
    ...[hold(one, 'reads'), read(one), page(one), rest, write(other), rest, pass(1)],
    ...[read(one), page(one), on],
  ],
  'a question is as old as the lag': (one, other) => [
    ...[read(other), rest, hold(one, '←'), read(one), rest, write(other), rest, pass(1), read(one), on],
  ],
  'a strict reader comes behind a question': (one, other) => [
    ...[read(other), rest, hold(one, '←'), read(one), rest, write(other), rest, read(one, true), on],
  ],
  'an answer comes when it is no longer true': (one, other) => [
    ...[read(other), rest, hold(one, '←'), read(one), rest, write(other), rest, pass(1 / 3), once, rest],
    ...[pass(0.7), read(one)],
  ],
  'news is heard in the midst of a look': (one, other) => [
    ...[page(other), rest, hold(one, '←'), page(one), rest, write(other, 'all'), rest, on, rest],
    ...[pass(1 / 2), rest, pass(0.6), page(one)],
  ],
  'a look at the log is answered late': (one, other) => [
    ...[read(one), rest, hold(one, '←'), pass(1 / 3), rest, write(other), rest, pass(1 / 3), once, rest],
    ...[pass(0.7), read(one)],
  ],
  'nothing is heard of a write': (one, other) => [
    ...[read(one), rest, hold(one, '→'), hold(one, 'hears'), write(other), rest, pass(1), read(one), on],
  ],
  'the log is lost with a write in it': (one, other) => [
    ...[read(one), rest, hold(one, '→'), write(other), rest, lose('log'), on, rest],
    ...[pass(1), read(one)],
  ],
  'a load outlasts a write, and the log': (one, other) => [
    ...[hold(one, 'reads'), read(one), rest, hold(one, '→'), write(other), rest, lose('log')],
    ...[onAt(one, '→'), rest, pass(1 / 3), rest, on, rest, pass(1 / 2), rest, pass(0.2), read(one)],
  ],
  'a fill is as old as the lag, and nothing has been heard': (one, other) => [
    ...[hold(one, 'reads'), read(one), rest, hold(one, '→'), write(other), rest, pass(1), read(one), rest],
    ...[pass(0.1), rest, on],
  ],
  'Redis is full': (one, other) => [full, write(one), rest, read(other), rest],
  'Redis takes no writes': (one) => [...[read(one), rest, unwritable, write(one), rest, read(one), rest]],
  'a connection is lost behind a write': (one, other) => [
    ...[read(one), rest, hold(one, '→'), write(one), read(one), cut(one)],
    ...[on, rest, read(one), write(other)],
  ],
};
