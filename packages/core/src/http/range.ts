import { parseHttpDate } from './date.ts';
import type { Fields } from './fields.ts';
import { isEntityTag, type Validators } from './validator.ts';

/** Bytes of a representation, both ends included, as RFC 9110 §14.1.2 counts them. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** 200, 206 (§15.3.7.1 and §15.3.7.2), or 416 (§15.5.17). */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  | { readonly kind: 'parts'; readonly parts: readonly ByteRange[] }
  | { readonly kind: 'unsatisfiable' };

/** What If-Range is compared with; `date` is the stored Date. */
export interface RangeValidators extends Validators {
  readonly date: string | undefined;
}

const WHOLE: RangeAnswer = { kind: 'whole' };

/** A set of more is not a player or a download that goes on; §17.15 leaves the number to the server. */
const MOST_RANGES = 16;

/**
 * What of a stored, complete 200 answers a Range. It is for a GET alone (RFC 9110 §14.2), and comes after the
 * preconditions that may make it a 304 (§13.2.2). Whatever cannot be followed is ignored.
 */
export function answerRange(request: Fields, validators: RangeValidators, length: number): RangeAnswer {
  const range = request.get('range');
  // Without content there is no range that Content-Range could name; §14.2 lets it be ignored.
  if (range === undefined || length === 0) return WHOLE;
  const ifRange = request.get('if-range');
  if (ifRange !== undefined && !isUnchanged(ifRange, validators)) return WHOLE;

  const specs = rangeSpecs(range);
  if (specs === undefined) return WHOLE;
  const satisfiable: ByteRange[] = [];
  for (const spec of specs) {
    const bytes = satisfy(spec, length);
    if (bytes !== undefined) satisfiable.push(bytes);
  }
  if (satisfiable.length === 0) return { kind: 'unsatisfiable' };

  const asked = satisfiable.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  if (asked > length) return WHOLE;
  const parts = coalesce(satisfiable);
  if (parts === undefined) return WHOLE;
  const [only, ...others] = parts;
  // One that is left of many may go as a multipart; alone it is read by every client (§15.3.7.2).
  return others.length === 0 ? { kind: 'part', ...only! } : { kind: 'parts', parts };
}

/** Content-Range of a part (RFC 9110 §14.4). */
export const contentRange = (first: number, last: number, length: number): string =>
  `bytes ${first}-${last}/${length}`;

/** Content-Range of a 416 (RFC 9110 §15.5.17). */
export const unsatisfiedRange = (length: number): string => `bytes */${length}`;

/**
 * A cache may hold that Date and Last-Modified tell of one second and not two only if one clock made both, or
 * if they are far enough apart for two clocks (RFC 9110 §8.8.2.2). Last-Modified is often a database's, so
 * that it is the distance which has to tell; the minute is RFC 7232's (§2.2.2).
 */
const CLOCKS_AGREE_WITHIN_MS = 60_000;

/** If-Range (RFC 9110 §13.1.5): equal in every character, and strong. */
function isUnchanged(ifRange: string, { etag, lastModified, date }: RangeValidators): boolean {
  if (isEntityTag(ifRange)) return !ifRange.startsWith('W/') && ifRange === etag;
  if (ifRange !== lastModified) return false;
  const modified = parseHttpDate(lastModified);
  const generated = parseHttpDate(date);
  return modified !== undefined && generated !== undefined && generated - modified >= CLOCKS_AGREE_WITHIN_MS;
}

/** Digits as they came, since a position may be larger than any number; '' where there were none. */
interface RangeSpec {
  readonly first: string;
  readonly last: string;
}

const UNIT = /^bytes=/i;
const NOTHING = /^[ \t]*$/;
const SPEC = /^[ \t]*(?<first>\d*)-(?<last>\d*)[ \t]*$/;

/** The range-set (RFC 9110 §14.1.1); undefined when one spec is invalid, as all of them are then (§14.2). */
function rangeSpecs(range: string): RangeSpec[] | undefined {
  if (!UNIT.test(range)) return undefined;
  const specs: RangeSpec[] = [];
  for (const member of range.slice('bytes='.length).split(',')) {
    // Empty elements of a list do not count (§5.6.1.2).
    if (NOTHING.test(member)) continue;
    const spec = SPEC.exec(member)?.groups as RangeSpec | undefined;
    if (spec === undefined || specs.length === MOST_RANGES) return undefined;
    const { first, last } = spec;
    if (first === '' ? last === '' : last !== '' && exceeds(first, last)) return undefined;
    specs.push(spec);
  }
  return specs.length === 0 ? undefined : specs;
}

/** Compares by digits: two positions past what a number holds would round to the same one. */
function exceeds(a: string, b: string): boolean {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length === right.length ? left > right : left.length > right.length;
}

/** RFC 9110 §14.1.2; a position past every number is Infinity here, which is past every end as well. */
function satisfy(spec: RangeSpec, length: number): ByteRange | undefined {
  const end = length - 1;
  if (spec.first === '') {
    const suffix = Number(spec.last);
    return suffix === 0 ? undefined : { first: Math.max(0, length - suffix), last: end };
  }
  const first = Number(spec.first);
  if (first > end) return undefined;
  return { first, last: spec.last === '' ? end : Math.min(Number(spec.last), end) };
}

/**
 * Ranges that overlap or touch become one, in the place of the one asked for first (RFC 9110 §15.3.7.2). A
 * gap is kept whatever its size, so that nobody gets bytes that were not asked for. Undefined when more than
 * two overlap (§14.2).
 */
function coalesce(ranges: readonly ByteRange[]): ByteRange[] | undefined {
  const ascending = ranges.map((range, place) => ({ ...range, place })).sort((a, b) => a.first - b.first);
  const runs: typeof ascending = [];
  let overlaps = 0;
  for (const next of ascending) {
    const run = runs.at(-1);
    if (run === undefined || next.first > run.last + 1) {
      runs.push(next);
      continue;
    }
    if (next.first <= run.last) overlaps += 1;
    run.last = Math.max(run.last, next.last);
    run.place = Math.min(run.place, next.place);
  }
  if (overlaps > 1) return undefined;
  return runs.sort((a, b) => a.place - b.place).map(({ first, last }) => ({ first, last }));
}
