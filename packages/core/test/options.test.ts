import { describe, expect, it } from 'vitest';
import { Cache, type CacheOptions } from '../src/index.ts';

describe('what a cache cannot be made of', () => {
  it.each<[string, unknown]>([
    ['options', null],
    ['options', []],
    ['options.redisTier', { redisTier: {} }],
    ['observe', { observe: 'console' }],
    ['memory', { memory: null }],
    ['memory', { memory: true }],
    ['memory.maxSize', { memory: { maxSize: 1 } }],
    ['memory.maxBytes', { memory: { maxBytes: 1.5 } }],
    ['flights', { flights: null }],
    ['flights.wait', { flights: { wait: 1 } }],
    ['flights.waitMs', { flights: { waitMs: 0 } }],
    ['flights.fillMs', { flights: { fillMs: Number.NaN } }],
    ['namespace', { namespace: 'a b' }],
    ['redis', { redis: 'redis://localhost' }],
  ])('%s: %j is refused when it is made, by name', (path, options) => {
    const make = () => new Cache(options as CacheOptions);
    expect(make).toThrow('LARDER_INVALID_OPTIONS');
    expect(make).toThrow(`${path}: `);
  });

  it('does not mind what is left undefined', () => {
    expect(() => new Cache({ flights: { waitMs: undefined as never } })).not.toThrow();
  });
});
