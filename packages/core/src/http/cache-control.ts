import type { Fields } from './fields.ts';

/** Directive name in lower case → its argument, or '' when it came without one (RFC 9111 §5.2). */
export type Directives = ReadonlyMap<string, string>;

const DIRECTIVE =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?[^,]*(?:,|$)/y;

/**
 * Reads a Cache-Control value. Total: whatever cannot be read is skipped up to the next comma.
 * Of duplicates the first counts (RFC 9111 §4.2.1).
 */
export function parseCacheControl(value: string | undefined): Directives {
  const directives = new Map<string, string>();
  if (value === undefined) return directives;
  let at = 0;
  while (at < value.length) {
    DIRECTIVE.lastIndex = at;
    const match = DIRECTIVE.exec(value);
    if (match === null) {
      const comma = value.indexOf(',', at);
      if (comma === -1) break;
      at = comma + 1;
      continue;
    }
    const name = match[1]!.toLowerCase();
    if (!directives.has(name)) directives.set(name, match[2] ?? match[3] ?? '');
    at = DIRECTIVE.lastIndex;
  }
  return directives;
}

export const cacheControlOf = (fields: Fields): Directives => parseCacheControl(fields.get('cache-control'));

const MAX_DELTA_SECONDS = 2 ** 31;

/**
 * A directive's delta-seconds (RFC 9111 §1.2.2), undefined when the directive is absent.
 * An argument that is not a number makes the response stale (§4.2.1), hence 0.
 */
export function deltaSeconds(directives: Directives, name: string): number | undefined {
  const text = directives.get(name);
  if (text === undefined) return undefined;
  return /^\d+$/.test(text) ? Math.min(Number(text), MAX_DELTA_SECONDS) : 0;
}
