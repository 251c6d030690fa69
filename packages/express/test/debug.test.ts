import debug from 'debug';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { route } from './support/shop.ts';

afterEach(() => {
  debug.disable();
  vi.restoreAllMocks();
});

const printed = (namespaces: string) => {
  const lines: string[] = [];
  vi.spyOn(debug, 'log').mockImplementation((...args: unknown[]) => void lines.push(args.join(' ')));
  debug.enable(namespaces);
  return lines;
};

describe('DEBUG=larder:*', () => {
  it('says of every request what became of it and why, with the rule, and nothing that a client sent', async () => {
    const lines = printed('larder:request');
    const { ask } = route(60, (_, res) => void res.cookie('sid', 'secret').send('x'));
    await ask('/?token=secret', { 'X-Key': 'secret' });
    await expect.poll(() => lines.length).toBe(1);
    expect(lines[0]).toContain(
      'GET / MISS (Larder; fwd=uri-miss; fwd-status=200; detail=set-cookie) Nothing was stored for this URI. The answer was not stored: it sets a cookie, so its body may be for one as well (RFC 9111 §7.3).',
    );
    expect(lines[0]).not.toContain('secret');
  });

  it('says what is kept, let go and invalidated, and what went wrong', async () => {
    const lines = printed('larder:*');
    const { ask, larder } = route(
      {
        ttl: 60,
        tags: ['a'],
        skip: (req) => req.query.fail !== undefined && (null as never as { x: boolean }).x,
      },
      (_, res) => void res.send('x'),
    );
    await ask('/');
    await larder.cache.invalidate('a');
    await ask('/');
    await ask('/?fail');
    await expect.poll(() => lines.join('\n')).toMatch(/could not apply the policy to a request: TypeError/);
    for (const line of [
      /larder:store \d+ bytes into memory/,
      /bytes out of memory: invalidate/,
      /larder:invalidate 1 tags, done/,
    ])
      expect(lines.join('\n')).toMatch(line);
  });

  it('is silent otherwise', async () => {
    const lines = printed('other:*');
    const { ask, observer } = route(60, (_, res) => void res.send('x'));
    await ask('/');
    await expect.poll(() => observer.of('request').length).toBe(1);
    expect(lines).toEqual([]);
  });
});
