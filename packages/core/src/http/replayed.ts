import { type FieldLine, type Fields, listOf } from './fields.ts';

/** Fields of a connection, not of a response (RFC 9110 §7.6.1). */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** Fields that speak of one exchange, or that the cache writes anew at every reply. */
const PER_REQUEST = [
  'age',
  'cache-status',
  'content-length',
  'larder-cache-control',
  'ratelimit',
  'ratelimit-limit',
  'ratelimit-policy',
  'ratelimit-remaining',
  'ratelimit-reset',
  'server-timing',
  'set-cookie',
  'traceparent',
  'tracestate',
  'warning',
  'x-cache',
  'x-correlation-id',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-request-id',
  'x-response-time',
];

const NEVER_REPLAYED = new Set([...HOP_BY_HOP, ...PER_REQUEST]);

/** Whether a stored response can have a field of the name. */
export const isReplayed = (name: string): boolean => !NEVER_REPLAYED.has(name.toLowerCase());

/** The lines of a response that a later request may be given. */
export function replayable(lines: readonly FieldLine[], fields: Fields): FieldLine[] {
  const nominated = new Set(listOf(fields.get('connection')));
  return lines.filter(([name]) => {
    const key = name.toLowerCase();
    return !NEVER_REPLAYED.has(key) && !nominated.has(key);
  });
}
