import { describe, expect, it, vi } from 'vitest';
import { Schedule } from '../src/schedule.ts';
import { manualClock } from '../src/testing/index.ts';
import { later, pass, settled } from './support/processes.ts';

const rig = (chance = 0.5) => {
  const clock = manualClock();
  const failed = vi.fn();
  const run = vi.fn(async (_aheadMs: number) => {});
  return { clock, schedule: new Schedule(clock, () => chance, failed), run, failed };
};

describe('a schedule', () => {
  it('runs at once, and every so often', async () => {
    const { clock, schedule, run } = rig();
    schedule.every(1000, run);
    expect(run).toHaveBeenCalledTimes(1);
    await pass(clock, 999, 999);
    expect(run).toHaveBeenCalledTimes(1);
    await pass(clock, 1);
    expect(run).toHaveBeenCalledTimes(2);
    await pass(clock, 10_000);
    expect(run).toHaveBeenCalledTimes(12);
  });

  it('goes on after a run that failed, and tells of it', async () => {
    const { clock, schedule, run, failed } = rig();
    run.mockRejectedValueOnce('broken');
    schedule.every(1000, run);
    await pass(clock, 1000);
    expect(run).toHaveBeenCalledTimes(2);
    expect(failed.mock.calls).toEqual([['broken']]);
  });

  it.each([
    [0, 900],
    [0.25, 950],
    [0.75, 1050],
    [0.999999999, 1100],
  ])('comes a tenth earlier or later, by chance: %d', async (chance, ms) => {
    const { clock, schedule, run } = rig(chance);
    schedule.every(1000, run);
    await pass(clock, ms - 1, ms - 1);
    expect(run).toHaveBeenCalledTimes(1);
    await pass(clock, 2);
    expect(run).toHaveBeenCalledTimes(2);
    expect(ms).toBeLessThanOrEqual(run.mock.calls[0]![0] + 1e-6);
  });

  it('counts from where the last run ended, so that no two run at a time', async () => {
    const { clock, schedule } = rig();
    const runs: ReturnType<typeof later<void>>[] = [];
    schedule.every(1000, () => {
      runs.push(later<void>());
      return runs.at(-1)!.promise;
    });
    await pass(clock, 5000);
    expect(runs).toHaveLength(1);
    runs[0]!.resolve();
    await pass(clock, 999, 999);
    expect(runs).toHaveLength(1);
    await pass(clock, 1);
    expect(runs).toHaveLength(2);
  });

  it('is stopped alone, or with all others', async () => {
    const { clock, schedule, run } = rig();
    const others = vi.fn(async () => {});
    const stop = schedule.every(1000, run);
    schedule.every(1000, others);
    await settled();
    stop();
    stop();
    await pass(clock, 1000);
    expect([run.mock.calls.length, others.mock.calls.length]).toEqual([1, 2]);
    schedule.stopAll();
    await pass(clock, 10_000);
    expect([run.mock.calls.length, others.mock.calls.length]).toEqual([1, 2]);
  });

  it('that is stopped during a run does not run again', async () => {
    const { clock, schedule } = rig();
    const running = later<void>();
    const run = vi.fn(() => running.promise);
    const stop = schedule.every(1000, run);
    stop();
    running.resolve();
    await pass(clock, 10_000);
    expect(run).toHaveBeenCalledTimes(1);
  });
});
