import { expect, it, vi } from 'vitest';
import { Cache, invalidOptions, memoryStore, type SharedContext, unsharedLock } from '../../src/index.ts';

it('a tier that cannot be followed in the way that is asked for is closed again', () => {
  const store = memoryStore({}, { namespace: 'test' });
  const close = vi.spyOn(store, 'close');
  const follow = () => {
    throw invalidOptions('coherence.via', 'tracking', "give 'log'");
  };
  const redis = { name: 'shared', open: () => ({ store, lock: unsharedLock, follow }) };
  expect(() => new Cache({ redis })).toThrow('coherence.via');
  expect(close).toHaveBeenCalledOnce();
});

it('what a tier may have forgotten is forgotten in memory too, before it is told again', async () => {
  const far = memoryStore({}, { namespace: 'test' });
  let forgot!: () => void;
  const open = (context: SharedContext) => {
    forgot = context.forgot;
    return { store: far, lock: unsharedLock };
  };
  const cache = new Cache({ redis: { name: 'shared', open } });
  await cache.invalidate('a');
  const load = (value: string) => cache.getOrSet('key', { ttl: 60, tags: ['a'] }, () => value);
  expect(await load('old')).toBe('old');
  forgot();
  expect(await load('new')).toBe('new');
  await cache.close();
});
