import { type Fields, isToken, listOf } from './fields.ts';

/** Directive name in lower case → its argument, or '' when it came without one (RFC 9111 §5.2). */
export type Directives = ReadonlyMap<string, string>;

const NAME = /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(\s*=\s*)?/y;

/** With field names these mean less than without, so that of two the stricter must count. */
const BY_FIELD = new Set(['no-cache', 'private']);

/** Directives that keep something from being done: overlooked, they would be disobeyed. */
export const FORBIDDING: ReadonlySet<string> = new Set([
  'must-revalidate',
  'must-understand',
  'no-cache',
  'no-store',
  'private',
  'proxy-revalidate',
]);

/**
 * Reads a Cache-Control value. Total: whatever cannot be read is skipped up to the next comma, but for what forbids
 * (`public; private` is a common mistake), and what stands behind an argument spoils it. Of duplicates the first counts (RFC 9111 §4.2.1), except that field names add
 * up and none stands for all.
 */
export function parseCacheControl(value: string | undefined): Directives {
  const directives = new Map<string, string>();
  if (value === undefined) return directives;
  for (let at = 0; at < value.length; ) {
    NAME.lastIndex = at;
    const match = NAME.exec(value);
    const from = match === null ? at : NAME.lastIndex;
    const hasArgument = match?.[2] !== undefined;
    const quote = hasArgument ? closingQuote(value, from) : undefined;
    const comma = value.indexOf(',', quote ?? from);
    const end = comma === -1 ? value.length : comma;
    if (match !== null)
      add(directives, match[1]!.toLowerCase(), hasArgument ? argumentOf(value, from, quote, end) : '');
    for (const word of value.slice(quote === undefined ? from : quote + 1, end).split(/[\s;]+/)) {
      if (FORBIDDING.has(word.toLowerCase())) add(directives, word.toLowerCase(), '');
    }
    at = end + 1;
  }
  return directives;
}

/** Where the quoted string that begins there ends. A loop, for a pattern would need a stack as deep as the text is long. */
function closingQuote(text: string, from: number): number | undefined {
  if (text[from] !== '"') return undefined;
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '"') return at;
    if (text[at] === '\\') at += 1;
  }
  return undefined;
}

/** A token or a quoted string mean the same (§5.2), and a quoted pair its second half (RFC 9110 §5.6.4). */
function argumentOf(value: string, from: number, quote: number | undefined, end: number): string {
  if (quote === undefined) return value.slice(from, end).trim();
  const text = value.slice(from + 1, quote).replace(/\\(.)/gs, '$1');
  const behind = value.slice(quote + 1, end).trim();
  return behind === '' ? text : `${text} ${behind}`;
}

function add(directives: Map<string, string>, name: string, argument: string): void {
  const before = directives.get(name);
  if (!BY_FIELD.has(name)) directives.set(name, before ?? argument);
  else if (before === '' || !areNames(argument)) directives.set(name, '');
  else directives.set(name, before === undefined ? argument : `${before},${argument}`);
}

/** Names that cannot be read might be any. */
function areNames(argument: string): boolean {
  const names = listOf(argument);
  return names.length > 0 && names.every(isToken);
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
