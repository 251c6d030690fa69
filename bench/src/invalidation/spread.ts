import { median } from '../median.ts';
import { open, timed, valueEntry } from './store.ts';

const TAGS = 20;
const BATCH = 2000;

const names = (of: string): string[] => Array.from({ length: TAGS }, (_, i) => `t:${of}-${i}`);

/** How much longer it takes to invalidate a tag that so many entries carry than one that one entry carries. */
export async function oneAgainstMany(url: string, entries: number): Promise<number> {
  const { store, close } = await open(url, `bench-spread-${process.pid}`);
  const [few, many] = [names('few'), names('many')];
  await (await store.snapshot(['n:', ...few])).set(valueEntry('few', ['n:', ...few], 16));
  const snapshot = await store.snapshot(['n:', ...many]);
  for (let i = 0; i < entries; i += BATCH) {
    const keys = Array.from({ length: Math.min(BATCH, entries - i) }, (_, n) => `many-${i + n}`);
    await Promise.all(keys.map((key) => snapshot.set(valueEntry(key, ['n:', ...many], 16))));
  }
  if ((await store.get('many-0', ['n:'])) === undefined) throw new Error('nothing was stored');
  const invalidate = (tags: readonly string[]) => timed(TAGS, (i) => store.invalidate([tags[i]!]));
  // The first of all meets a script that Redis has not seen yet.
  await store.invalidate(['t:nothing']);
  const [ofFew, ofMany] = [await invalidate(few), await invalidate(many)];
  if ((await store.get('many-0', ['n:'])) !== undefined) throw new Error('something was left');
  await close();
  return median(ofMany) / median(ofFew);
}
