import { invalidCacheControl } from './errors.ts';
import { isToken, mergeLists } from './http/fields.ts';
import type { CacheControlDirectives } from './presets.ts';

/** A preset made ready once: the field values, checked. */
export interface ClientDirectives {
  readonly cacheControl: string;
  /** `CDN-Cache-Control` and `Surrogate-Control`, where asked for. */
  readonly targeted: readonly (readonly [name: string, value: string])[];
  /** Seconds from Date to Expires; undefined for no Expires. */
  readonly expiresIn: number | undefined;
  readonly vary: string;
}

const CDN_DIRECTIVES = [
  'noStore',
  'noCache',
  'maxAge',
  'mustRevalidate',
  'staleWhileRevalidate',
  'staleIfError',
];
const BESIDES = ['expires', 'cdn', 'surrogate', 'vary'];

/** @throws LarderError `LARDER_INVALID_CACHE_CONTROL` for directives that contradict each other or mean nothing. */
export function resolveDirectives(directives: CacheControlDirectives): ClientDirectives {
  const given = record(directives, 'give one of presets, or an object of directives');
  const parts = written(given, Object.keys(WRITTEN), BESIDES);
  refuseContradictions(given);
  if (parts.length === 0)
    throw invalidCacheControl('no directive given', 'use presets.api if clients should just ask');
  return Object.freeze({
    cacheControl: parts.join(', '),
    targeted: targetedOf(given),
    expiresIn: isOn(given.expires, 'expires') ? (given.maxAge as number) : undefined,
    vary: mergeLists(...varyNames(given.vary)),
  });
}

function targetedOf({ cdn, surrogate }: Record<string, unknown>): ClientDirectives['targeted'] {
  if (cdn === undefined) return [];
  const parts = written(record(cdn, 'give an object of directives for CDNs'), CDN_DIRECTIVES, []);
  if (parts.length === 0)
    throw invalidCacheControl('cdn without a directive', 'say maxAge, or leave cdn out');
  if (parts.includes('no-store') && parts.length > 1)
    throw invalidCacheControl(`cdn: ${parts.join(', ')}`, 'nothing can be said of what is not kept');
  const value = parts.join(', ');
  return isOn(surrogate, 'surrogate')
    ? [
        ['CDN-Cache-Control', value],
        ['Surrogate-Control', value],
      ]
    : [['CDN-Cache-Control', value]];
}

function record(given: unknown, fix: string): Record<string, unknown> {
  if (typeof given !== 'object' || given === null) throw invalidCacheControl(`got ${String(given)}`, fix);
  return given as Record<string, unknown>;
}

function written(
  given: Record<string, unknown>,
  known: readonly string[],
  besides: readonly string[],
): string[] {
  for (const name of Object.keys(given)) {
    if (!known.includes(name) && !besides.includes(name))
      throw invalidCacheControl(
        `unknown directive "${name}"`,
        `known are ${[...known, ...besides].join(', ')}`,
      );
  }
  return known.flatMap((name) => WRITTEN[name]!(given[name], name));
}

const isOn = (value: unknown, name: string): boolean => flag(name)(value, name).length > 0;

function refuseContradictions(given: Record<string, unknown>): void {
  const has = (name: string) => given[name] !== undefined && given[name] !== false;
  const others = [...Object.keys(WRITTEN), 'expires', 'cdn', 'surrogate'].filter(
    (name) => name !== 'noStore' && has(name),
  );
  if (has('noStore') && others.length > 0) {
    throw invalidCacheControl(
      `noStore together with ${others.join(', ')}`,
      'nothing can be said of what is not kept',
    );
  }
  for (const shared of ['public', 'sMaxAge', 'proxyRevalidate']) {
    if (has('private') && has(shared)) {
      throw invalidCacheControl(
        `private together with ${shared}`,
        'a private response is in no shared cache',
      );
    }
  }
  if (has('expires') && given.maxAge === undefined) {
    throw invalidCacheControl('expires without maxAge', 'say after how many seconds it expires');
  }
  if (has('surrogate') && !has('cdn')) {
    throw invalidCacheControl('surrogate without cdn', 'say in cdn what CDNs are told');
  }
  if (has('immutable') && !has('maxAge')) {
    throw invalidCacheControl('immutable without maxAge', 'say for how many seconds it will not change');
  }
}

type Write = (value: unknown, name: string) => string[];

const flag =
  (directive: string): Write =>
  (value, name) => {
    if (value === undefined || value === false) return [];
    if (value !== true) throw invalidCacheControl(`${name}: ${String(value)}`, 'give true or leave it out');
    return [directive];
  };

const seconds =
  (directive: string): Write =>
  (value, name) => {
    if (value === undefined) return [];
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw invalidCacheControl(`${name}: ${String(value)}`, 'give whole seconds, 0 or more');
    }
    return [`${directive}=${value as number}`];
  };

/** In the order they are written. */
const WRITTEN: Record<string, Write> = {
  noStore: flag('no-store'),
  public: flag('public'),
  private: flag('private'),
  noCache: flag('no-cache'),
  maxAge: seconds('max-age'),
  sMaxAge: seconds('s-maxage'),
  mustRevalidate: flag('must-revalidate'),
  proxyRevalidate: flag('proxy-revalidate'),
  noTransform: flag('no-transform'),
  immutable: flag('immutable'),
  staleWhileRevalidate: seconds('stale-while-revalidate'),
  staleIfError: seconds('stale-if-error'),
};

function varyNames(vary: unknown): string[] {
  if (vary === undefined) return [];
  if (!Array.isArray(vary) || !vary.every((name) => typeof name === 'string' && isToken(name))) {
    throw invalidCacheControl(`vary: ${String(vary)}`, 'give an array of request field names');
  }
  return vary as string[];
}
