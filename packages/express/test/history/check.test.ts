import { describe, expect, it } from 'vitest';
import { check, type Read, together, type Write } from './check.ts';

const LAG = 1_000_000;
const ACK = 5000;

/** Version 2 is written by `one`, and known at 5000. */
const write = (given: Partial<Write> = {}): Write => ({
  process: 'one',
  item: 7,
  how: 'call',
  start: 1000,
  ack: ACK,
  version: 2,
  state: 'done',
  ...given,
});

/** Version 1 is given by `one`, who is asked a microsecond after that. */
const read = (given: Partial<Read> = {}): Read => ({
  process: 'one',
  item: 7,
  strict: false,
  start: ACK + 1,
  end: ACK + 300,
  version: 1,
  x: 'HIT',
  during: 'nothing',
  ...given,
});

const broken = (given: Read, ...writes: Write[]) => check([given], writes).violations.length > 0;

describe('the process that has written', () => {
  it('gives nothing older once that was answered', () => {
    expect(broken(read(), write())).toBe(true);
    expect(broken(read({ version: 2 }), write())).toBe(false);
    expect(broken(read({ version: 3 }), write())).toBe(false);
  });

  it('may give it to who asked before the answer, or at that very moment', () => {
    expect(broken(read({ start: ACK, end: 99 * LAG }), write())).toBe(false);
  });

  it('gives nothing older either where Redis could not be told', () => {
    expect(broken(read(), write({ state: 'pending' }))).toBe(true);
  });

  it('has promised nothing where its answer never came', () => {
    const far = read({ start: 99 * LAG });
    expect(broken(far, write({ ack: undefined }))).toBe(false);
    expect(broken(far, write({ state: undefined }))).toBe(false);
    expect(broken(far, write({ version: undefined }))).toBe(false);
  });
});

describe('any other process', () => {
  const other = (given: Partial<Read> = {}) => read({ process: 'two', ...given });

  it('gives nothing older once a second has passed', () => {
    expect(broken(other({ start: ACK + LAG }), write())).toBe(false);
    expect(broken(other({ start: ACK + LAG + 1 }), write())).toBe(true);
  });

  it('gives nothing older at once where the route is strict', () => {
    expect(broken(other({ strict: true }), write())).toBe(true);
  });

  it('gives nothing older at once behind a barrier', () => {
    expect(broken(other(), write({ how: 'barrier' }))).toBe(true);
    expect(broken(other(), write({ how: 'barrier', state: 'pending' }))).toBe(false);
  });

  it('is promised nothing until what is pending was delivered', () => {
    const pending = write({ state: 'pending' });
    expect(broken(other({ start: 99 * LAG }), pending)).toBe(false);
    const delivered = { ...pending, delivered: 50 * LAG };
    expect(broken(other({ start: 51 * LAG }), delivered)).toBe(false);
    expect(broken(other({ start: 51 * LAG + 1 }), delivered)).toBe(true);
    expect(broken(other({ start: 50 * LAG + 1, strict: true }), delivered)).toBe(true);
  });

  it('hears from the outbox of what a process has committed that was killed', () => {
    const killed = write({ how: 'outbox', ack: undefined, state: undefined, delivered: 2 * LAG });
    expect(broken(other({ start: 3 * LAG }), killed)).toBe(false);
    expect(broken(other({ start: 3 * LAG + 1 }), killed)).toBe(true);
    expect(broken(read({ start: 3 * LAG + 1 }), killed)).toBe(true);
  });
});

describe('what was invalidated softly', () => {
  it('may be given as stale, and as nothing else', () => {
    expect(broken(read({ x: 'STALE' }), write({ how: 'soft' }))).toBe(false);
    expect(broken(read({ x: 'HIT' }), write({ how: 'soft' }))).toBe(true);
  });

  it('may not be given at all once it was invalidated for good', () => {
    const soft = write({ how: 'soft', version: 3 });
    expect(broken(read({ x: 'STALE', version: 1 }), write(), soft)).toBe(true);
    expect(broken(read({ x: 'STALE', version: 2 }), write(), soft)).toBe(false);
  });
});

it('asks for the newest version that was known, in whatever order writes are answered and logged', () => {
  const second = write({ version: 3, start: 500, ack: 2000 });
  expect(broken(read({ version: 2 }), write(), second)).toBe(true);
  expect(broken(read({ version: 2, start: 2001 }), second)).toBe(true);
  expect(broken(read({ version: 2, start: 2000 }), second, write())).toBe(false);
});

it('keeps items apart', () => {
  expect(broken(read({ item: 8 }), write())).toBe(false);
});

it('says how stale anything was, by the bound that was in force, and how much it has looked at', () => {
  const reads = [
    read({ process: 'two', start: ACK + 400 }),
    read({ process: 'two', start: ACK + LAG + 400, version: 2 }),
    read({ version: 2, x: 'MISS' }),
  ];
  const { bounds, during } = check(reads, [write(), write({ version: 3, ack: ACK + 300 })]);
  expect(bounds.others).toEqual({ checked: 1, violations: 1, stalest: LAG + 100 });
  expect(bounds.own).toEqual({ checked: 1, violations: 0, stalest: 0 });
  expect(bounds.strict.checked).toBe(0);
  expect(during).toEqual({ nothing: { reads: 3, hits: 2, violations: 1 } });
});

it('names the read and the write of a violation', () => {
  expect(check([read({ during: 'it hangs' })], [write()]).violations).toEqual([
    'item 7 of one was version 1 (HIT; 5001–5300 µs; it hangs), asked for 1 µs after version 2 had to be known (own): written by one (call, done; 1000–5000 µs; known at 5000)',
  ]);
});

it('adds parts of a history up', () => {
  const early = check([read(), read({ x: 'STALE' })], [write()]);
  const late = check([read({ during: 'it hangs', start: ACK + 9 })], [write()]);
  const all = together(early, late);
  expect(all.violations).toHaveLength(3);
  expect(all.bounds.own).toEqual({ checked: 3, violations: 3, stalest: 9 });
  expect(all.stale).toBe(1);
  expect(Object.values(all.during).map(({ reads }) => reads)).toEqual([2, 1]);
});
