import type { Sizing } from '@larder/core';
import type { Facts, Info, Sample } from './facts.ts';
import type { OurKeys } from './our-keys.ts';

/** Below this, what the server needs for itself says nothing of what it needs for each entry. */
const TELLING_BYTES = 16 * 1024 * 1024;

/** Keys of that kind in the whole database, if it is everywhere as where it was looked at. */
const estimated = ({ keys, visited }: Sample, found: number): number =>
  visited === 0 ? 0 : Math.round((found / visited) * keys);

export const estimatedEntries = (sample: Sample, { isEntry }: OurKeys): number =>
  estimated(sample, sample.ours.filter(isEntry).length);

/** Keys without a TTL that are not this cache's; of ours there should be none. */
export function othersWithoutTtl({ info, sample, ttls }: Facts): number {
  if (!('told' in info)) return 0;
  const lasting = keyspaces(info.told).reduce((sum, { keys, expires }) => sum + keys - expires, 0);
  if (!('told' in sample && 'told' in ttls) || ttls.told.length === 0) return lasting;
  const share = ttls.told.filter((ttl) => ttl < 0).length / ttls.told.length;
  return Math.max(0, lasting - Math.round(share * estimated(sample.told, sample.told.ours.length)));
}

const keyspaces = (info: Info) =>
  [...info].flatMap(([field, value]) => {
    const [, keys, expires] = (/^db\d+$/.test(field) && /keys=(\d+),expires=(\d+)/.exec(value)) || [];
    return keys === undefined ? [] : [{ keys: Number(keys), expires: Number(expires) }];
  });

/** What our entries on one node need; undefined where none were found or none could be measured. */
export function sizingOf({ info, keys, sample, sizes }: Facts): Sizing | undefined {
  if (!('told' in sample && 'told' in sizes) || sizes.told.length === 0) return undefined;
  const averageBytes = sizes.told.reduce((sum, { bytes }) => sum + bytes, 0) / sizes.told.length;
  const entries = estimatedEntries(sample.told, keys);
  const overhead = 'told' in info ? overheadOf(info.told) : 1;
  return sizing(sizes.told.length, entries, averageBytes, averageBytes * entries * overhead);
}

/** Several nodes as one. */
export function sizingOfAll(all: readonly Facts[]): Sizing | undefined {
  const each = all.map(sizingOf).filter((one) => one !== undefined);
  const sum = (of: (one: Sizing) => number) => each.reduce((total, one) => total + of(one), 0);
  const entries = sum((one) => one.entries);
  if (entries === 0) return undefined;
  const averageBytes = sum((one) => one.averageBytes * one.entries) / entries;
  return sizing(
    sum((one) => one.sampledEntries),
    entries,
    averageBytes,
    sum((one) => one.neededBytes),
  );
}

const sizing = (
  sampledEntries: number,
  entries: number,
  averageBytes: number,
  neededBytes: number,
): Sizing => ({
  sampledEntries,
  averageBytes: Math.round(averageBytes),
  entries,
  overhead: entries === 0 ? 1 : Math.round((neededBytes / (averageBytes * entries)) * 100) / 100,
  neededBytes: Math.round(neededBytes),
});

function overheadOf(info: Info): number {
  const dataset = Number(info.get('used_memory_dataset'));
  const used = Number(info.get('used_memory'));
  return dataset >= TELLING_BYTES && used > dataset ? used / dataset : 1;
}
