import { parseHttpDate } from './date.ts';
import type { ResponseHead } from './message.ts';

/**
 * When a response was generated at its origin, epoch ms: the moment we got it less the age it arrived
 * with (RFC 9111 §4.2.3). A Date in the future counts as now.
 */
export function generatedAt(head: ResponseHead, requestedAt: number, receivedAt: number): number {
  const date = parseHttpDate(head.fields.get('date')) ?? receivedAt;
  const apparentAge = Math.max(0, receivedAt - date);
  const carried = head.fields.get('age');
  const ageMs = carried !== undefined && /^\d+$/.test(carried.trim()) ? Number(carried) * 1000 : 0;
  const correctedAge = ageMs === 0 ? 0 : ageMs + (receivedAt - requestedAt);
  return receivedAt - Math.max(apparentAge, correctedAge);
}

/** Age in whole seconds, never negative (RFC 9111 §5.1). */
export const currentAge = (generated: number, now: number): number =>
  Math.max(0, Math.floor((now - generated) / 1000));
