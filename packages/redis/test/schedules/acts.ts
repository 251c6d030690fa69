import type { How } from './process.ts';
import type { Health, Loss, Name } from './world.ts';

/** Where a process comes to a stand: what it sends, what it is answered, what it hears, what it reads from the database. */
export const PLACES = ['→', '←', 'hears', 'reads'] as const;
export type Place = (typeof PLACES)[number];

/** What somebody sets about, or what happens; the next one may do so before the one before has come to its end. */
export type Act =
  | { readonly act: 'read'; readonly by: Name; readonly strict: boolean }
  | { readonly act: 'page'; readonly by: Name }
  | { readonly act: 'write'; readonly by: Name; readonly how: How }
  | { readonly act: 'hold'; readonly by: Name; readonly place: Place }
  /** It goes on, there or everywhere; `once`: what has come to a stand does, and the next will come to it again. */
  | { readonly act: 'on'; readonly once: boolean; readonly at?: `${Name} ${Place}` }
  | { readonly act: 'pass'; readonly ms: number }
  | { readonly act: 'lose'; readonly what: Loss }
  | { readonly act: 'cut'; readonly by: Name; readonly lost: boolean }
  | { readonly act: 'redis'; readonly is: Health }
  /** Nothing else, until all that was begun has come to where it needs time. */
  | { readonly act: 'rest' };
