import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explain } from '../src/index.ts';

describe('explain', () => {
  it.each([
    ['Larder; hit; ttl=376', 'Answered from the cache, fresh for another 376 s.'],
    ['Larder; hit; ttl=-4', 'Answered from the cache, stale for 4 s (RFC 5861 §3, RFC 9111 §4.2.4).'],
    [
      'Larder; fwd=uri-miss; fwd-status=200; stored',
      'Nothing was stored for this URI; the answer was stored.',
    ],
    [
      'Larder; fwd=uri-miss; fwd-status=200; detail=set-cookie',
      'Nothing was stored for this URI. The answer was not stored: it sets a cookie, so its body may be for one as well (RFC 9111 §7.3).',
    ],
    [
      'Larder; fwd=vary-miss; fwd-status=200; detail=unkeyed-x-forwarded-host',
      'Nothing was stored for this URI and these request fields. The answer was not stored: its handler read the request field x-forwarded-host, which the key does not cover: name it in Vary or policy.vary (Larder: reads).',
    ],
    [
      'Larder; fwd=bypass; detail=authorization',
      'The request had nothing to do with the cache: it carries Authorization, and the route gives the lifetime: use policy.partition, or no ttl (RFC 9111 §3.5).',
    ],
    [
      'Larder; fwd=stale; fwd-status=304; stored',
      'What was stored was stale, and its handler confirmed it (RFC 9111 §4.3.4).',
    ],
    [
      'Larder; fwd=stale; fwd-status=503; detail=stale-if-error',
      'What was stored was stale. Its handler failed, and a stale response stood in (RFC 5861 §4).',
    ],
    [
      'Larder; fwd=stale; ttl=-4; collapsed; detail=stale-if-slow',
      'What was stored was stale. Its handler took too long, and a stale response stood in (RFC 5861 §4).',
    ],
    [
      'Larder; fwd=uri-miss; ttl=60; collapsed',
      'Nothing was stored for this URI; it shared the answer that another request was fetching (RFC 9111 §4).',
    ],
    [
      'Larder; detail=only-if-cached',
      'Not answered: it wants a stored response or none, and there is none (RFC 9111 §5.2.1.7).',
    ],
    ['Other; hit, Larder; hit; ttl=1, Edge; fwd=miss', 'Answered from the cache, fresh for another 1 s.'],
    ['Other; hit', 'There is no Cache-Status of Larder here: the route is not behind cacheResponse.'],
    ['', 'There is no Cache-Status of Larder here: the route is not behind cacheResponse.'],
  ])('%s', (header, sentence) => expect(explain(header)).toBe(sentence));

  it('says something of any text', () => {
    const ends = (text: string) => {
      expect(explain(text)).toMatch(/^[A-Z].*\.$/s);
      expect(explain(text)).not.toContain('undefined');
    };
    fc.assert(fc.property(fc.string(), ends));
    fc.assert(
      fc.property(
        fc.constantFrom('uri-miss', 'stale', 'bypass', 'nonsense'),
        fc.stringMatching(/^[a-z-]{1,20}$/),
        (fwd, detail) => ends(`Larder; fwd=${fwd}; detail=${detail}`),
      ),
    );
  });

  it('knows every reason that the code can give', () => {
    const source = (name: string) => readFileSync(join(import.meta.dirname, '..', name), 'utf8');
    const express = join('..', 'express', 'src');
    const adapters = readdirSync(join(import.meta.dirname, '..', express))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(express, name));
    const union = /type (?:Refusal|Bypass) =\n((?: {2}\| '[^']+';?\n)+)/g;
    const named = ['src/http/storable.ts', 'src/bypass.ts'].flatMap((file) =>
      [...source(file).matchAll(union)].flatMap((match) => match[1]!.match(/'([^']+)'/g)!),
    );
    const given = [
      ...adapters,
      'src/storing.ts',
      'src/plan.ts',
      'src/answer.ts',
      'src/fill.ts',
      'src/inquiry.ts',
    ].flatMap((file) => [...(source(file).match(/(?:detail: |skip\(|#lose\(|#without\()'[a-z-]+'/g) ?? [])]);
    const reasons = [...named, ...given].map((text) => /'([^']+)'/.exec(text)![1]!);
    expect(reasons.length).toBeGreaterThan(30);
    for (const reason of new Set(reasons)) {
      expect(explain(`Larder; fwd=uri-miss; detail=${reason}`), reason).not.toContain(`"${reason}"`);
    }
  });
});
