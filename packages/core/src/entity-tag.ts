import { createHash } from 'node:crypto';

/** An entity tag made from the body's bytes; weak where something after us may still transform them (RFC 9110 §8.8.1). */
export function entityTag(body: Buffer, strength: 'strong' | 'weak'): string {
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 27);
  return strength === 'strong' ? `"${digest}"` : `W/"${digest}"`;
}
