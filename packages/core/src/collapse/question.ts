import type { CacheKey } from '../key.ts';
import type { Tag } from '../tags.ts';
import type { Flight } from './flight.ts';
import type { Lead } from './lead.ts';

/** What a look into the store finds: an answer, and its entry where followers may have it; or nothing, under a key. */
export type Seen<T, A> =
  | { readonly kind: 'answer'; readonly answer: A; readonly result?: T | undefined }
  | { readonly kind: 'absent'; readonly key: CacheKey };

/** Somebody who wants what a key stands for. `T` is what a fill makes, `A` what an asker gets. */
export interface Question<T, A> {
  /** What a fill would be stored with, as far as is known before. */
  readonly tags: readonly Tag[];
  /** `confirmed`: by the shared store, and not from a copy that was confirmed a while ago. */
  look(confirmed: boolean): Promise<Seen<T, A>>;
  /** What may be had of what another's fill made; undefined for nothing. */
  share(result: T, flight: Flight<T>): Promise<A | undefined>;
  /** What there is in place of a fill of one's own, when another's has failed or takes longer than `patienceMs`. */
  cover(why: 'failed' | 'late'): Promise<A | undefined>;
  /** Ms to wait for another's fill before `cover` is asked. */
  readonly patienceMs: number;
}

export type Outcome<T, A> =
  | { readonly kind: 'answer'; readonly answer: A }
  /** Nothing to be had: make it, and land the lead however that ends. */
  | { readonly kind: 'run'; readonly lead: Lead<T> };

/** `run` with everything that it takes; otherwise somebody else's answer, or none after a wait that was long enough. */
export type Contended<T, A> =
  | Extract<Seen<T, A>, { kind: 'answer' }>
  | { readonly kind: 'run' | 'late' | 'unshared' };
