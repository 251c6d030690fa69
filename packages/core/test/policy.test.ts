import { describe, expect, it } from 'vitest';
import { LarderError, type Policy, resolvePolicy } from '../src/index.ts';

const codeOf = (run: () => unknown): string | undefined => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof LarderError ? error.code : `not ours: ${error}`;
  }
};

describe('a policy', () => {
  it('of a number is a lifetime', () => {
    expect(resolvePolicy(600)).toMatchObject({ ttl: 600, staleWhileRevalidate: 0, staleIfError: 0 });
  });

  it('of nothing leaves the lifetime to the response', () => {
    expect(resolvePolicy(undefined).ttl).toBeUndefined();
  });

  it('is frozen once it is read', () => {
    expect(Object.isFrozen(resolvePolicy(1))).toBe(true);
  });

  it('knows field names in any case, each once', () => {
    expect(resolvePolicy({ vary: ['X-B', 'x-a', 'X-b'] }).vary).toEqual(['x-a', 'x-b']);
  });

  it.each([
    ['a ttl of 0', { ttl: 0 }],
    ['a negative ttl', { ttl: -1 }],
    ['a ttl that is not a number', { ttl: '600' }],
    ['NaN', { ttl: Number.NaN }],
    ['a ttl in milliseconds, as it seems', { ttl: 3_600_000 }],
    ['a misspelt option', { tll: 60 }],
    ['a key that is not a function', { key: 'abc' }],
    ['vary that is no list', { vary: 'accept' }],
    ['vary with something that is no field name', { vary: ['a b'] }],
    ['vary by a credential', { vary: ['Cookie'] }],
    ['credentials without a partition', { credentials: 'partitioned' }],
    ['credentials of another kind', { credentials: 'yes' }],
    ['cookies of another kind', { cookies: 'all' }],
    ['a status that is never stored', { statuses: [500] }],
    ['no room for a body', { maxBodyBytes: 0 }],
    ['headers half on', { statusHeaders: 'yes' }],
  ])('is refused when the app is built: %s', (_, policy) => {
    expect(codeOf(() => resolvePolicy(policy as unknown as Policy))).toBe('LARDER_INVALID_POLICY');
  });

  it.each([
    ['an empty one', ['']],
    ['one that is not text', [7]],
    ['one that is too long', ['x'.repeat(513)]],
    ['too many', Array.from({ length: 65 }, (_, i) => `tag-${i}`)],
  ])('is refused for its tags: %s', (_, tags) => {
    expect(codeOf(() => resolvePolicy({ ttl: 1, tags: tags as string[] }))).toBe('LARDER_INVALID_TAG');
  });

  it.each([
    ['staleWhileRevalidate', [-1, Number.NaN, '60', 3_600_000]],
    ['staleIfError', [-1, Number.NaN, '60', 3_600_000]],
    ['revalidate', ['behind', true, null, '']],
    ['softTimeout', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    ['fillTimeout', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
    ['earlyRefresh', [-0.1, 101, Number.NaN, true, '1']],
    ['jitter', [-0.1, 0.51, 1, Number.NaN, true, '0.1']],
    ['negativeTtl', [0, -1, Number.NaN, 3_600_000, true, null]],
  ])('is refused by the name of what cannot be: %s', (option, values) => {
    for (const value of values) {
      const resolve = () => resolvePolicy({ ttl: 60, [option]: value } as unknown as Policy);
      if (option === 'revalidate' && value === null) continue;
      expect(codeOf(resolve), `${value}`).toBe('LARDER_INVALID_POLICY');
      expect(resolve).toThrow(`policy.${option}: `);
    }
  });

  it('keeps what it says of how a response is made', () => {
    const said = {
      revalidate: 'dispatch',
      softTimeout: 0.5,
      fillTimeout: 5,
      earlyRefresh: 1,
      jitter: 0.5,
      negativeTtl: 0.001,
    } as const;
    expect(resolvePolicy({ ttl: 60, ...said })).toMatchObject(said);
  });

  it('that says nothing of it never makes a response early, nor ends it early, nor keeps what is negative', () => {
    expect(resolvePolicy(60)).toMatchObject({
      revalidate: 'background',
      softTimeout: undefined,
      fillTimeout: undefined,
      earlyRefresh: 0,
      jitter: 0,
      negativeTtl: undefined,
    });
  });

  it('stores 404 and 410 where it says for how long, and where it lists them', () => {
    const statuses = (policy: Policy) => [...resolvePolicy(policy).statuses].sort();
    expect(statuses({ ttl: 60, negativeTtl: 5 })).toEqual([200, 203, 404, 410]);
    expect(statuses({ ttl: 60, statuses: [404] })).toEqual([200, 203, 404]);
    expect(statuses({ ttl: 60 })).toEqual([200, 203]);
  });

  it('is refused with what was given and how to mend it', () => {
    expect(() => resolvePolicy({ ttl: -1 })).toThrow(
      'policy.ttl: got -1; give seconds from 1 to 2592000 (30 days) [LARDER_INVALID_POLICY]',
    );
  });
});
