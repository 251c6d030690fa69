import type { Fields } from './fields.ts';
import { type RequestHead, targetUri } from './message.ts';
import { parseList } from './structured.ts';

/** What a response to an unsafe method makes out of date (RFC 9111 §4.4, RFC 9875 §3). */
export interface OutOfDate {
  /** Target URI first. */
  readonly uris: readonly string[];
  readonly groups: readonly string[];
}

export function outOfDate(request: RequestHead, response: Fields): OutOfDate {
  const named = [response.get('location'), response.get('content-location')];
  const related = named.map((reference) => sameOrigin(request, reference));
  const uris = [targetUri(request), ...related.filter((uri) => uri !== undefined)];
  return { uris: [...new Set(uris)], groups: groupsOf(response.get('cache-group-invalidation')) };
}

export const originOf = ({ scheme, authority }: RequestHead): string => `${scheme}://${authority}`;

/**
 * A reference as a URI in the form of targets, if it is of the request's own origin: another's is not ours to
 * invalidate (RFC 9111 §4.4).
 */
export function sameOrigin(request: RequestHead, reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined;
  try {
    const base = new URL(targetUri(request));
    const resolved = new URL(reference.trim(), base);
    // A URL of another scheme may borrow an origin: that of blob:http://a/b is http://a.
    return resolved.origin === base.origin && resolved.protocol === base.protocol
      ? `${originOf(request)}${resolved.pathname}${resolved.search}`
      : undefined;
  } catch {
    return undefined;
  }
}

/** Groups in a Cache-Groups or Cache-Group-Invalidation value; none where it is no list of strings (RFC 9875 §2, §3). */
export function groupsOf(value: string | undefined): readonly string[] {
  if (value === undefined) return [];
  const members = parseList(value) ?? [];
  const names = members.flatMap((member) => (member.kind === 'string' ? [member.value] : []));
  return names.length === members.length ? [...new Set(names)] : [];
}
