import { describe, expect, it } from 'vitest';
import { type CacheControlDirectives, LarderError, presets, resolveDirectives } from '../src/index.ts';

const written = (directives: CacheControlDirectives) => resolveDirectives(directives).cacheControl;

describe('presets', () => {
  it.each([
    ['publicShort', 'public, max-age=60, stale-while-revalidate=30'],
    ['publicLong', 'public, max-age=86400, stale-while-revalidate=3600'],
    ['cdn', 'public, max-age=0, s-maxage=600, stale-while-revalidate=60, stale-if-error=86400'],
    ['private', 'private, no-cache'],
    ['noStore', 'no-store'],
    ['immutable', 'public, max-age=31536000, immutable'],
    ['api', 'no-cache'],
  ] as const)('%s says "%s"', (name, value) => expect(written(presets[name])).toBe(value));

  it('are changed by spreading them', () => {
    expect(written({ ...presets.cdn, sMaxAge: 5 })).toContain('s-maxage=5,');
  });

  it('name the request fields that their responses depend on', () => {
    expect(resolveDirectives(presets.private).vary).toBe('Authorization, Cookie');
    expect(resolveDirectives({ ...presets.api, vary: ['Accept', 'accept', 'Origin'] }).vary).toBe(
      'Accept, Origin',
    );
  });
});

describe('contradictions do not compile, and fail at start in JavaScript', () => {
  const refused = (make: () => CacheControlDirectives) => {
    expect(() => resolveDirectives(make())).toThrow(LarderError);
    expect(() => resolveDirectives(make())).toThrow('LARDER_INVALID_CACHE_CONTROL');
  };

  it('private and shared', () => {
    // @ts-expect-error a private response is in no shared cache
    refused(() => ({ ...presets.private, sMaxAge: 60 }));
    // @ts-expect-error one or the other
    refused(() => ({ ...presets.publicShort, private: true }));
  });

  it('no-store and a lifetime', () => {
    // @ts-expect-error nothing can be said of what is not kept
    refused(() => ({ ...presets.noStore, maxAge: 60 }));
  });

  it('misspelt, negative, fractional and empty', () => {
    // @ts-expect-error no such directive
    refused(() => ({ maxage: 60 }));
    refused(() => ({ maxAge: -1 }));
    refused(() => ({ maxAge: 1.5 }));
    refused(() => ({}));
    refused(() => ({ immutable: true }));
    refused(() => ({ public: true, expires: true }));
    refused(() => ({ public: true, surrogate: true }));
    refused(() => ({ public: true, cdn: {} }));
    refused(() => ({ public: true, cdn: { noStore: true, maxAge: 1 } }));
    // @ts-expect-error no such directive for CDNs
    refused(() => ({ public: true, cdn: { sMaxAge: 1 } }));
    // @ts-expect-error nothing can be said of what is not kept
    refused(() => ({ noStore: true, cdn: { maxAge: 1 } }));
  });
});
