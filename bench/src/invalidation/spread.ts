import { Redis } from 'ioredis';
import { median } from '../median.ts';
import { open, timed, valueEntry } from './store.ts';

/** Each of the entries carries all of them. */
export const TAGS = 5;
const BATCH = 2000;

export interface Spread {
  /** Of the time for a tag that all entries carry, to that for one that one entry carries. */
  readonly ratio: number;
  /** Of the longest wait of another client of Redis during the one, to that during the other. */
  readonly bystander: number;
}

class Side {
  readonly took: number[] = [];
  readonly waits: number[] = [];
}

const names = (of: string): string[] => Array.from({ length: TAGS }, (_, i) => `t:${of}-${i}`);

/** How much longer it takes to invalidate a tag that so many entries carry than one that one entry carries. */
export async function oneAgainstMany(url: string, entries: number): Promise<Spread> {
  const { store, close } = await open(url, `bench-spread-${process.pid}`);
  const [few, many] = [names('few'), names('many')];
  await (await store.snapshot(['n:', ...few])).set(valueEntry('few', ['n:', ...few], 16));
  const snapshot = await store.snapshot(['n:', ...many]);
  for (let i = 0; i < entries; i += BATCH) {
    const keys = Array.from({ length: Math.min(BATCH, entries - i) }, (_, n) => `many-${i + n}`);
    await Promise.all(keys.map((key) => snapshot.set(valueEntry(key, ['n:', ...many], 16))));
  }
  if ((await store.get('many-0', ['n:'])) === undefined) throw new Error('nothing was stored');

  const other = new Redis(url);
  const sides = { few: new Side(), many: new Side() };
  const invalidate = async (side: Side, tag: string) => {
    const waits = timed(50, () => other.ping());
    side.took.push(...(await timed(1, () => store.invalidate([tag]))));
    side.waits.push(Math.max(...(await waits)));
  };
  // The first of all meets a script that Redis has not seen yet.
  await store.invalidate(['t:nothing']);
  for (let i = 0; i < TAGS; i += 1) {
    await invalidate(sides.few, few[i]!);
    await invalidate(sides.many, many[i]!);
  }
  if ((await store.get('many-0', ['n:'])) !== undefined) throw new Error('something was left');
  other.disconnect();
  await close();
  return {
    ratio: median(sides.many.took) / median(sides.few.took),
    bystander: median(sides.many.waits) / median(sides.few.waits),
  };
}
