import type { Entry, StoredResponse, Variants } from './entry.ts';
import type { Forward } from './http/cache-status.ts';
import type { RequestHead } from './http/message.ts';
import { matches, nominate } from './http/vary.ts';
import { type CacheKey, variantKey } from './key.ts';
import type { Store, Trust } from './store/store.ts';
import type { Tag } from './tags.ts';

/** A request as the cache looks for it. */
export interface Wanted {
  readonly head: RequestHead;
  /** Key of the URI; a variant's key is made from it. */
  readonly key: CacheKey;
  /** Tags the response would be stored with, as far as they are known before it exists. */
  readonly tags: readonly Tag[];
  /** It is known already that what is made for it will be for nobody else. */
  readonly alone?: boolean;
}

export interface Found {
  readonly entry: Entry<StoredResponse> | undefined;
  /** Why there is none, should it come to that. */
  readonly fwd: Extract<Forward, 'uri-miss' | 'vary-miss' | 'request'>;
  /** What concurrent requests for the same response have in common. */
  readonly flightKey: CacheKey;
  /** Request fields that responses of this URI are known to depend on. */
  readonly varyNames: readonly string[];
}

const NONE: readonly string[] = [];

/** URI, then variant (RFC 9111 §4.1). */
export async function lookup(
  store: Store,
  { head, key, tags }: Wanted,
  trust: Trust = 'leased',
): Promise<Found> {
  const primary = await store.get(key, tags, { trust });
  if (primary === undefined) return { entry: undefined, fwd: 'uri-miss', flightKey: key, varyNames: NONE };
  if (primary.payload.kind === 'variants')
    return lookupVariant(store, { head, key, tags }, primary.payload, trust);
  return { entry: selected(primary, head), fwd: 'uri-miss', flightKey: key, varyNames: NONE };
}

async function lookupVariant(
  store: Store,
  { head, key, tags }: Wanted,
  variants: Variants,
  trust: Trust,
): Promise<Found> {
  const flightKey = variantKey(key, nominate(variants.names, head.fields));
  const entry = variants.keys.includes(flightKey) ? await store.get(flightKey, tags, { trust }) : undefined;
  return { entry: entry && selected(entry, head), fwd: 'vary-miss', flightKey, varyNames: variants.names };
}

/** An entry says itself what chose it: where it is found is only a hint. */
function selected(entry: Entry, head: RequestHead): Entry<StoredResponse> | undefined {
  const { payload } = entry;
  return payload.kind === 'response' && matches(payload.nominated, head.fields)
    ? { ...entry, payload }
    : undefined;
}
