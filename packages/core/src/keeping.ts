import { type Entry, MAX_VARIANTS, retainUntil, type StoredResponse } from './entry.ts';
import { groupTags } from './group-tags.ts';
import { variantKey } from './key.ts';
import type { Wanted } from './lookup.ts';
import { MAX_RETENTION_SECONDS } from './policy-checks.ts';
import type { Snapshot, Store } from './store/store.ts';
import { joinTags, type Tag } from './tags.ts';

/** A response as stores keep it. `more` are tags that its request did not have. */
export function entryOf(
  payload: StoredResponse,
  wanted: Wanted,
  more: readonly Tag[],
  now: number,
): Entry<StoredResponse> {
  return {
    key: payload.nominated.length === 0 ? wanted.key : variantKey(wanted.key, payload.nominated),
    tags: joinTags(wanted.tags, more, groupTags(wanted.head, payload.lines)),
    retainUntil: Math.min(retainUntil(payload, now), now + MAX_RETENTION_SECONDS * 1000),
    payload,
  };
}

/** Stores the entry where later requests find it. False when it was not stored. */
export async function keep(
  store: Store,
  wanted: Wanted,
  entry: Entry<StoredResponse>,
  snapshot: Snapshot,
): Promise<boolean> {
  return (await listVariant(store, wanted, entry, snapshot)) && snapshot.set(entry);
}

/** Whether there is one that was made after `since`, epoch ms. */
export async function hasSince(store: Store, { key, tags }: Entry, since: number): Promise<boolean> {
  const held = await store.get(key, tags);
  return held?.payload.kind === 'response' && held.payload.generatedAt > since;
}

/** Makes the URI's own entry name the variant. */
async function listVariant(
  store: Store,
  wanted: Wanted,
  { key, retainUntil, payload }: Entry<StoredResponse>,
  snapshot: Snapshot,
): Promise<boolean> {
  if (payload.nominated.length === 0) return true;
  const names = payload.nominated.map(([name]) => name);
  const current = await store.get(wanted.key, wanted.tags);
  const variants = current?.payload.kind === 'variants' ? current.payload : undefined;
  const listed = variants?.names.join() === names.join() ? variants.keys : [];
  if (listed.includes(key) && current!.retainUntil >= retainUntil) return true;
  return snapshot.set({
    key: wanted.key,
    tags: wanted.tags,
    retainUntil: Math.max(retainUntil, current?.retainUntil ?? 0),
    payload: {
      kind: 'variants',
      names,
      keys: [...listed.filter((k) => k !== key), key].slice(-MAX_VARIANTS),
    },
  });
}
