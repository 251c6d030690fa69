import { encodingClass } from './content-coding.ts';
import { type Fields, listOf, trimOws } from './fields.ts';
import { canonicalWeighted } from './quality.ts';

/** A request field that chose a response, with the value it had; null when the request had none. */
export type NominatedField = readonly [name: string, value: string | null];

/** More names than this and a response is not stored: nobody would ever ask for it again. */
export const MAX_VARY_NAMES = 8;

/** Names in Vary, lower-cased and sorted so that equal sets are equal texts; '*' when any member is. */
export function nominatedNames(vary: string | undefined): '*' | readonly string[] {
  const names = new Set(listOf(vary));
  return names.has('*') ? '*' : [...names].sort();
}

/**
 * Values that a request has for the names, with what is known to mean the same written the same (RFC 9111 §4.1).
 * A field that is absent is not one that is empty.
 */
export function nominate(names: readonly string[], request: Fields): NominatedField[] {
  return names.map((name) => [name, normalise(name, request.get(name))] as const);
}

function normalise(name: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  switch (name) {
    case 'accept-encoding':
      return encodingClass(value);
    case 'accept':
    case 'accept-charset':
    case 'accept-language':
      return canonicalWeighted(value);
    default:
      return spaceless(value);
  }
}

/** White space around commas folded, where none may be quoted; the order is not, because it may mean something. */
const spaceless = (value: string): string =>
  value.includes('"') ? value : value.split(',').map(trimOws).join(',');

/** Whether a stored response was chosen by the same values that this request has. */
export function matches(stored: readonly NominatedField[], request: Fields): boolean {
  const presented = nominate(
    stored.map(([name]) => name),
    request,
  );
  return stored.every(([, value], i) => presented[i]![1] === value);
}
