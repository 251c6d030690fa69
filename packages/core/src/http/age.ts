import { parseHttpDate } from './date.ts';
import type { ResponseHead } from './message.ts';

/**
 * When a response was generated at its origin, epoch ms: the moment we got it less the age it arrived
 * with (RFC 9111 §4.2.3). A Date in the future counts as now.
 */
export function generatedAt(head: ResponseHead, requestedAt: number, receivedAt: number): number {
  const date = parseHttpDate(head.fields.get('date'), receivedAt) ?? receivedAt;
  const apparentAge = Math.max(0, receivedAt - date);
  const age = statedAge(head.fields.get('age'));
  // Only what has come from another cache was under way: a handler's own response is made when it is sent.
  const correctedAge = age === undefined ? 0 : age * 1000 + (receivedAt - requestedAt);
  return receivedAt - Math.max(apparentAge, correctedAge);
}

const MAX_AGE_SECONDS = 2 ** 31;

/** Of several values the first counts, and one that is no number of seconds does not (RFC 9111 §5.1). */
function statedAge(value: string | undefined): number | undefined {
  const comma = value?.indexOf(',') ?? -1;
  const first = (comma === -1 ? value : value?.slice(0, comma))?.trim() ?? '';
  return /^\d+$/.test(first) ? Math.min(Number(first), MAX_AGE_SECONDS) : undefined;
}

/** Age in whole seconds, never negative (RFC 9111 §5.1). */
export const currentAge = (generated: number, now: number): number =>
  Math.max(0, Math.floor((now - generated) / 1000));
