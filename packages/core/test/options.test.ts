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
    ['fills.wait', { fills: { wait: 1 } }],
    ['fills.waitTimeout', { fills: { waitTimeout: 0 } }],
    ['fills.maxConcurrentFills', { fills: { maxConcurrentFills: 1.5 } }],
    ['fills.fillTimeout', { fills: { fillTimeout: Number.NaN } }],
    ['fills.fillTimeout', { fills: { fillTimeout: Number.POSITIVE_INFINITY } }],
    ['fills.fillTimeout', { fills: { fillTimeout: 3601 } }],
    ['fills.waitTimeout', { fills: { waitTimeout: '10' } }],
    ['fills.drainTimeout', { fills: { drainTimeout: -1 } }],
    ['fills.maxConcurrentFills', { fills: { maxConcurrentFills: 0 } }],
    ['fills.maxQueuedFills', { fills: { maxQueuedFills: Number.POSITIVE_INFINITY } }],
    ['fills.maxFlights', { fills: { maxFlights: -1 } }],
    ['fills.maxFollowers', { fills: { maxFollowers: null } }],
    ['fills', { fills: null }],
    ['fills', { fills: 500 }],
    ['random', { random: 0.5 }],
    ['namespace', { namespace: 'a b' }],
    ['redis', { redis: 'redis://localhost' }],
  ])('%s: %j is refused when it is made, by name', (path, options) => {
    const make = () => new Cache(options as CacheOptions);
    expect(make).toThrow('LARDER_INVALID_OPTIONS');
    expect(make).toThrow(`${path}: `);
  });

  it('does not mind what is left undefined', () => {
    expect(() => new Cache({ fills: { waitTimeout: undefined as never } })).not.toThrow();
  });
});
