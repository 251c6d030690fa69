import { describe, expect, it } from 'vitest';
import { Cache, LarderError, type ValueOptions } from '../../src/index.ts';

const REFUSED: readonly (readonly [string, readonly unknown[]])[] = [
  ['ttl', [undefined, -1, Number.NaN, '60', 3_600_000]],
  ['staleWhileRevalidate', [-1, Number.NaN, '60', 3_600_000]],
  ['staleIfError', [-1, Number.NaN, '60', 3_600_000]],
  ['softTimeout', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
  ['fillTimeout', [0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
  ['earlyRefresh', [-0.1, 101, Number.NaN, true, '1']],
  ['jitter', [-0.1, 0.51, 1, Number.NaN, true, '0.1']],
  ['negativeTtl', [0, -1, Number.NaN, 3_600_000, true, null]],
  ['every', [10]],
  ['revalidate', ['background']],
  ['tll', [60]],
];

const refusal = async (options: unknown): Promise<LarderError> => {
  const asked = new Cache().getOrSet('key', options as ValueOptions, async () => 'value');
  const error = await asked.then(
    () => undefined,
    (error) => error,
  );
  if (error instanceof LarderError) return error;
  throw new Error(`not refused: ${JSON.stringify(options)}`);
};

describe('a value', () => {
  it.each(REFUSED)('is refused by the name of what cannot be: %s', async (option, values) => {
    for (const value of values) {
      const { code, message } = await refusal({ ttl: 60, [option]: value });
      expect([code, message]).toEqual([
        'LARDER_INVALID_POLICY',
        expect.stringContaining(`policy.${option}: `),
      ]);
    }
  });

  it.each([[undefined], [null], [60], ['60']])('is refused without options: %j', async (options) => {
    expect((await refusal(options)).code).toBe('LARDER_INVALID_POLICY');
  });

  it('may say everything at once', async () => {
    const options: Required<ValueOptions> = {
      ttl: 0.5,
      tags: ['row'],
      staleWhileRevalidate: 60,
      staleIfError: 60,
      softTimeout: 0.001,
      fillTimeout: 0.5,
      earlyRefresh: 100,
      jitter: 0.5,
      negativeTtl: 0.5,
      partition: 'acme',
      coherence: 'strict',
    };
    expect(await new Cache().getOrSet('key', options, async () => 'value')).toBe('value');
  });
});
