import type { Random } from './random.ts';
import { BIOS, FAMILY_NAMES, GIVEN_NAMES } from './words.ts';

const DAY_MS = 86_400_000;

export const DEMO_PASSWORD = 'larder-demo';
export const STAFF_EMAIL = 'admin@shop.example';
/** User 1 is the staff user; shoppers are 2 and up. */
export const shopperEmail = (id: number): string => `shopper${id}@shop.example`;

export function userRows(count: number, passwordHash: string, random: Random, now: Date) {
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1;
    const staff = id === 1;
    return {
      id,
      name: staff ? 'Demo Staff' : `${random.pick(GIVEN_NAMES)} ${random.pick(FAMILY_NAMES)}`,
      email: staff ? STAFF_EMAIL : shopperEmail(id),
      bio: staff ? 'Keeps the shelves in order.' : random.pick(BIOS),
      role: staff ? 'staff' : 'customer',
      password_hash: passwordHash,
      created_at: new Date(now.getTime() - random.next() * 900 * DAY_MS),
    };
  });
}
