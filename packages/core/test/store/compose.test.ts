import { expect, it, vi } from 'vitest';
import { Cache, invalidOptions, memoryStore, unsharedLock } from '../../src/index.ts';

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
