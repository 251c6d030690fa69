import type { Request } from 'express';
import { describe, expect, it } from 'vitest';
import { bodyOf, get, raw, xOf } from '../support/raw.ts';
import { route, text, x } from '../support/shop.ts';

describe('names that every object has', () => {
  it('pollute nothing as fields, cookies, parameters or directives', async () => {
    const policy = { ttl: 60, cookies: ['constructor', 'a'], vary: ['constructor'], reads: 'vary' } as const;
    const made = route(policy, (req, res) => {
      res.set({ 'Cache-Control': 'max-age=60, __proto__=1, constructor=2', Vary: '__proto__, constructor' });
      res.set('Larder-Cache-Control', 'max-age=60, constructor=1');
      res.send(`${req.get('constructor')} ${req.get('cookie')}`);
    });
    const evil = [
      '__proto__: x',
      'constructor: y',
      'prototype: z',
      '__proto__: w',
      'Cookie: __proto__=1; constructor=2',
    ];
    const request = get('/?__proto__[polluted]=1&constructor[prototype][polluted]=1', ...evil);
    expect(bodyOf(await raw(made, request))).toBe('y constructor=2');
    expect(xOf(await raw(made, request))).toBe('HIT');
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('tags that clients choose', () => {
  const byTag = { ttl: 60, tags: (req: Request) => [String(req.query.tag)] };

  it.each([
    '*',
    '?',
    '{1}',
    '{',
    'a\r\nDEL x',
    'a\0',
    '[a-z]',
    '../t',
    'n:',
    't:other',
    'u:http://shop.example/',
    '__proto__',
    '💥',
  ])('are nothing but themselves: %j', async (tag) => {
    const { ask, larder } = route(byTag, (_, res) => void res.send('x'));
    const [mine, other] = [`/?tag=${encodeURIComponent(tag)}`, '/?tag=other'];
    for (const target of [mine, other]) await ask(target);
    await larder.cache.invalidate(tag);
    expect([x(await ask(mine)), x(await ask(other))]).toEqual(['MISS', 'HIT']);
  });

  it('cost the caching and nothing else where they are empty or long', async () => {
    const { ask, larder } = route(byTag, (_, res) => void res.send('fine'));
    for (const tag of ['', 'x'.repeat(513)]) {
      const answer = await ask(`/?tag=${tag}`);
      expect([answer.status, text(answer), x(answer)]).toEqual([200, 'fine', 'BYPASS']);
    }
    await expect(larder.cache.invalidate('x'.repeat(1024 * 1024))).rejects.toThrow('LARDER_INVALID_TAG');
    await expect(larder.cache.invalidate(Array.from({ length: 65 }, (_, i) => `t${i}`))).rejects.toThrow(
      'LARDER_INVALID_TAG',
    );
  });
});
