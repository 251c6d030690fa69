import { describe, expect, it } from 'vitest';
import { Background } from '../src/background.ts';
import { manualClock } from '../src/testing/index.ts';
import { later, pass, watched } from './support/processes.ts';

const rig = () => {
  const clock = manualClock();
  return { clock, background: new Background(clock) };
};

describe('work behind what was served', () => {
  it('is waited for at shutdown, all of it', async () => {
    const { clock, background } = rig();
    const [one, two] = [later<void>(), later<void>()];
    background.add(one.promise);
    background.add(two.promise);
    const drained = watched(background.drain(5000));
    one.resolve();
    await pass(clock, 4999);
    expect([drained.state, background.size]).toEqual(['waiting', 1]);
    two.resolve();
    await pass(clock, 0);
    expect([drained.state, background.size]).toEqual(['given', 0]);
  });

  it('is waited for as long as was said, and no longer', async () => {
    const { clock, background } = rig();
    background.add(later<void>().promise);
    const drained = watched(background.drain(5000));
    await pass(clock, 4999);
    expect(drained.state).toBe('waiting');
    await pass(clock, 1);
    expect(drained.state).toBe('given');
  });

  it('keeps nobody waiting where there is none', async () => {
    const { background } = rig();
    expect(background.closing).toBe(false);
    await background.drain(5000);
    expect(background.closing).toBe(true);
  });
});
