import type { Entry } from '@larder/core';
import { describe, expect, it } from 'vitest';
import type { RedisTierOptions } from '../src/index.ts';
import { client, namespace, openStore } from './support/tier.ts';

const BODY = Buffer.from(JSON.stringify(Array.from({ length: 500 }, (_, id) => ({ id, name: `tin ${id}` }))));

function entry(body = BODY): Entry {
  const until = Date.now() + 60_000;
  const times = { freshUntil: until, staleWhileRevalidateUntil: until, staleIfErrorUntil: until, costMs: 1 };
  return { key: 'key', tags: ['n:', 't:a'], retainUntil: until, payload: { kind: 'value', ...times, body } };
}

/** Processes of one namespace, each with its own idea of compression. */
async function processes(place: string, ...compressions: RedisTierOptions['compression'][]) {
  const name = namespace(place);
  const redis = await client();
  const stores = await Promise.all(
    compressions.map((compression) => openStore(name, undefined, compression && { compression })),
  );
  return {
    stores,
    async bytes() {
      const [key] = await redis.keys(`larder:${name}:*:e:*`);
      return redis.strlen(key!);
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(stores.map((store) => store.close()))),
  };
}

describe('with compression', () => {
  it('a large body takes less of Redis, and comes back as it was', async () => {
    await using it = await processes('compressed', {}, { threshold: 100_000 });
    const [eager, reluctant] = it.stores;
    await (await eager!.snapshot(['n:', 't:a'])).set(entry());
    expect(await it.bytes()).toBeLessThan(BODY.length / 2);
    expect((await eager!.get('key', ['n:']))?.payload).toMatchObject({ body: BODY });
    await (await reluctant!.snapshot(['n:', 't:a'])).set(entry());
    expect(await it.bytes()).toBeGreaterThan(BODY.length);
    expect((await reluctant!.get('key', ['n:']))?.payload).toMatchObject({ body: BODY });
  });

  it('processes that are told different things of it read what each other store', async () => {
    await using it = await processes(
      'mixed',
      { algorithm: 'gzip' },
      { algorithm: 'br', level: 5 },
      undefined,
    );
    for (const writer of it.stores) {
      const body = Buffer.concat([BODY, Buffer.from(String(it.stores.indexOf(writer)))]);
      await (await writer.snapshot(['n:', 't:a'])).set(entry(body));
      for (const reader of it.stores)
        expect((await reader.get('key', ['n:', 't:a']))?.payload).toMatchObject({ body });
    }
  });

  it('what was compressed falls with its tags as anything else', async () => {
    await using it = await processes('tags', {}, undefined);
    const [one, two] = it.stores;
    const snapshot = await one!.snapshot(['n:', 't:a']);
    await snapshot.set(entry());
    await two!.invalidate(['t:a']);
    expect(await one!.get('key', ['n:', 't:a'])).toBeUndefined();
    await snapshot.set(entry());
    expect(await two!.get('key', ['n:', 't:a'])).toBeUndefined();
  });
});
