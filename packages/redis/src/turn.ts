import { grouped } from './grouped.ts';
import { hashTagOf } from './keys.ts';
import type { Link } from './link.ts';
import { run, scripts } from './scripts.ts';

/** Turns epochs by themselves, all of a slot in one step. How many of them were there. */
export async function turnEpochs(link: Link, names: readonly string[], soft: string): Promise<number> {
  const slots = grouped(names, hashTagOf);
  const turned = await Promise.all(slots.map(([, names]) => run(link, scripts.turnEpochs, names, [soft])));
  return turned.reduce((sum: number, count) => sum + Number(count), 0);
}
