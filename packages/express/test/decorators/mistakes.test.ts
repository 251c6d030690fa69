import { describe, expect, it } from 'vitest';
import { createLarder } from '../../src/index.ts';

describe('a router', () => {
  it('is refused for an object without routes', () => {
    expect(() => createLarder().router(new (class Empty {})())).toThrow('LARDER_INVALID_OPTIONS');
  });
});
