import type { Entry, StoredValue } from '@larder/core';

interface Parts {
  readonly key?: string;
  readonly tags?: readonly string[];
  readonly body?: Buffer;
}

/** A value that lasts for longer than any test. */
export function valueEntry({
  key = 'key',
  tags = ['n:', 't:a'],
  body = Buffer.from([0, 255, 10, 13]),
}: Parts = {}): Entry<StoredValue> {
  const retainUntil = Date.now() + 60_000;
  return {
    key,
    tags,
    retainUntil,
    payload: {
      kind: 'value',
      freshUntil: retainUntil,
      staleWhileRevalidateUntil: retainUntil,
      staleIfErrorUntil: retainUntil,
      costMs: 1,
      body,
    },
  };
}
