/** Every error Larder raises, and every code it can carry. */

export type LarderErrorCode =
  | 'LARDER_INVALID_POLICY'
  | 'LARDER_INVALID_CACHE_CONTROL'
  | 'LARDER_INVALID_OPTIONS'
  | 'LARDER_INVALID_KEY'
  | 'LARDER_INVALID_TAG'
  | 'LARDER_STORE_FAILED'
  | 'LARDER_STORE_SKIPPED'
  | 'LARDER_TIMEOUT'
  | 'LARDER_ROLLED_BACK'
  | 'LARDER_COMMIT_UNKNOWN'
  | 'LARDER_TRANSACTION_OVER';

/** The one class: tell kinds apart by `code`, which is stable; messages are for people. */
export class LarderError extends Error {
  override readonly name = 'LarderError';
  readonly code: LarderErrorCode;

  constructor(code: LarderErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${message} [${code}]`, options);
    this.code = code;
  }
}

/** A policy that cannot mean anything: thrown where the route is declared, never during a request. */
export const invalidPolicy = (option: string, given: unknown, fix: string): LarderError =>
  new LarderError('LARDER_INVALID_POLICY', `policy.${option}: got ${show(given)}; ${fix}`);

export const invalidOptions = (option: string, given: unknown, fix: string): LarderError =>
  new LarderError('LARDER_INVALID_OPTIONS', `${option}: got ${show(given)}; ${fix}`);

export const invalidCacheControl = (contradiction: string, fix: string): LarderError =>
  new LarderError('LARDER_INVALID_CACHE_CONTROL', `cacheControl: ${contradiction}; ${fix}`);

export const invalidKey = (given: unknown): LarderError =>
  new LarderError('LARDER_INVALID_KEY', `key: got ${show(given)}; give a non-empty string`);

export const invalidTag = (given: unknown, fix: string): LarderError =>
  new LarderError('LARDER_INVALID_TAG', `tag: got ${shape(given)}; ${fix}`);

export const storeFailed = (operation: string, cause: unknown): LarderError =>
  new LarderError('LARDER_STORE_FAILED', `the store could not ${operation}`, { cause });

export const storeTooSlow = (ms: number): LarderError =>
  new LarderError('LARDER_STORE_FAILED', `the store did not answer within ${ms} ms`);

/** Why a shared store was not asked. */
export type SkipReason = 'offline' | 'open' | 'budget' | 'full' | 'large';

const SKIPPED: Record<SkipReason, string> = {
  offline: 'there is no connection to it',
  open: 'it has failed too often, and is left alone for a while',
  budget: 'the request has waited for it long enough',
  large: 'the entry is larger than may go there',
  full: 'too much is on its way there already',
};

export const storeSkipped = (why: SkipReason): LarderError =>
  new LarderError('LARDER_STORE_SKIPPED', `the store was not asked: ${SKIPPED[why]}`, { cause: why });

/** Why nothing was asked; undefined of an error that is another. */
export const skipReason = (error: unknown): SkipReason | undefined =>
  error instanceof LarderError && error.code === 'LARDER_STORE_SKIPPED'
    ? (error.cause as SkipReason)
    : undefined;

export const loadTooSlow = (seconds: number): LarderError =>
  new LarderError('LARDER_TIMEOUT', `the load took longer than its fillTimeout of ${seconds} s`);

/** Tags are made of requests: what a client sent has no business in a log. */
const shape = (value: unknown): string =>
  typeof value === 'string' && value.length > 0 ? `a text of ${value.length} characters` : show(value);

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (typeof value === 'function') return `a function (${value.name || 'anonymous'})`;
  if (typeof value === 'object' && value !== null)
    return `an object with ${Object.keys(value).join(', ') || 'no keys'}`;
  return String(value);
}
