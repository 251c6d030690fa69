import type { Clock } from '../clock.ts';
import type { Entry, Payload, StoredValue } from '../entry.ts';

export interface EntryParts {
  readonly key?: string;
  readonly tags?: readonly string[];
  readonly body?: string | Buffer;
  readonly retainMs?: number;
}

/** A value, fresh for as long as it is kept. */
export function entryOf(clock: Pick<Clock, 'now'>, parts: EntryParts = {}): Entry<StoredValue> {
  const { key = 'key', tags = ['n:'], body = 'body', retainMs = 60_000 } = parts;
  const retainUntil = clock.now() + retainMs;
  return {
    key,
    tags,
    retainUntil,
    payload: {
      kind: 'value',
      freshUntil: retainUntil,
      staleWhileRevalidateUntil: retainUntil,
      staleIfErrorUntil: retainUntil,
      costMs: 3,
      body: typeof body === 'string' ? Buffer.from(body) : body,
    },
  };
}

export const bodyOf = (entry: Entry | undefined): string | undefined =>
  entry?.payload.kind === 'value' ? entry.payload.body.toString() : undefined;

/** One of each kind, with all there is to them. */
export function payloads(): Payload[] {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  return [
    {
      kind: 'value',
      freshUntil: 1_800_000_000_000,
      staleWhileRevalidateUntil: 1_800_000_000_000,
      staleIfErrorUntil: 1_800_000_000_000,
      costMs: 3,
      body: everyByte,
    },
    {
      kind: 'value',
      freshUntil: 1_800_000_000_000.5,
      staleWhileRevalidateUntil: 1_800_000_000_000.5,
      staleIfErrorUntil: 1_800_000_000_000.5,
      costMs: 3,
      body: Buffer.alloc(0),
    },
    { kind: 'variants', names: ['accept', 'accept-language'], keys: ['key|a', 'key|b'] },
    {
      kind: 'response',
      status: 203,
      lines: [
        ['Content-Type', 'text/plain'],
        ['Link', ['</a>; rel=preload', '</b>; rel=preload']],
      ],
      ownField: 'max-age=600',
      etag: 'W/"tag"',
      lastModified: undefined,
      nominated: [
        ['accept', 'text/plain'],
        ['x-absent', null],
      ],
      ownEtag: false,
      ownControl: true,
      forEverybody: true,
      strict: true,
      generatedAt: 1_700_000_000_000,
      freshUntil: 1_700_000_600_000,
      staleWhileRevalidateUntil: 1_700_000_700_000,
      staleIfErrorUntil: 1_700_000_800_000,
      costMs: 12.5,
      route: '/products/:id',
      body: everyByte,
    },
  ];
}
