import type { FieldLine, Fields } from './fields.ts';

/** What a cache needs to know of a request, free of any framework's types. */
export interface RequestHead {
  readonly method: string;
  readonly scheme: string;
  /** Host and port as the client wrote them, lower-cased; '' when the request named none, or several. */
  readonly authority: string;
  /** Origin-form target, byte for byte as received: raw path and raw query. */
  readonly target: string;
  /** What routing will go by where something upstream has rewritten the URL; undefined where nothing has. */
  readonly rewritten: string | undefined;
  readonly fields: Fields;
  readonly hasBody: boolean;
}

export interface ResponseHead {
  readonly status: number;
  readonly lines: readonly FieldLine[];
  readonly fields: Fields;
}

/** RFC 9110 §9.2.1. A method we do not know may change anything, so it counts as unsafe. */
export const isSafe = (method: string): boolean => SAFE.has(method);
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

/** The target URI (RFC 9110 §7.1), which is what an unsafe method invalidates. */
export const targetUri = (head: RequestHead): string => `${head.scheme}://${head.authority}${head.target}`;
