import type { Clock } from '../clock.ts';
import type { CacheKey } from '../key.ts';
import type { Lock } from '../lock.ts';
import type { Tag } from '../tags.ts';
import { type Flight, Flights, type Landing } from './flight.ts';
import { Lead, LOCK_TTL_MS } from './lead.ts';
import type { FillLimits } from './limits.ts';
import type { Contended, Outcome, Question } from './question.ts';
import { Backoff, Unshared } from './remembered.ts';
import { hasTurn, type Turns } from './turns.ts';

export interface CollapserParts {
  readonly clock: Clock;
  readonly lock: Lock;
  readonly turns: Turns;
  readonly limits: FillLimits;
}

/** Times that somebody looks again after what he waited for was not for him. */
const MAX_LOOKS = 3;

/** Sees to it that of all who want the same at the same time, in this process and in others, one makes it. */
export class Collapser<T> {
  readonly #parts: CollapserParts;
  readonly #flights: Flights<T>;
  readonly #unshared: Unshared;
  readonly #backoff: Backoff;
  readonly #leads = new Set<Lead<T>>();
  /** Of them, those that nobody need wait for. */
  readonly #elected = new Set<Lead<T>>();

  constructor(parts: CollapserParts) {
    this.#parts = parts;
    this.#flights = new Flights(parts.clock, parts.limits);
    this.#unshared = new Unshared(parts.clock);
    this.#backoff = new Backoff(parts.clock);
  }

  /** Why responses of the key are known not to be for anybody else. */
  reasonFor(key: CacheKey): string | undefined {
    return this.#unshared.reasonFor(key);
  }

  async ask<A>(question: Question<T, A>): Promise<Outcome<T, A>> {
    let untilMs = this.#deadline();
    let key: CacheKey | undefined;
    for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
      const seen = await question.look(false);
      if (seen.kind === 'answer') return seen;
      key = seen.key;
      if (this.#unshared.reasonFor(key) !== undefined) return { kind: 'run', lead: this.#alone(key) };
      const flight = this.#flights.find(key);
      if (flight === undefined && this.#flights.isFull(key)) return this.#afterAll(question, key, 'leader');
      if (flight === undefined) return this.#lead(question, key, untilMs);
      if (hasTurn()) flight.hurry();
      const queued = !flight.begun;
      const landing = await flight.follow(this.#leftUntil(untilMs), question.patienceMs);
      if (queued) untilMs = this.#deadline();
      if (landing.kind === 'unshared') return { kind: 'run', lead: this.#alone(key) };
      const answer = await this.#fromLanding(question, flight, landing);
      if (answer !== undefined) return { kind: 'answer', answer };
      // What is slow may be made beside it, as far as there is room; what fails is not for everybody to try at once.
      if (landing.kind === 'late') return this.#afterAll(question, key, 'leader');
      if (landing.kind === 'failed' || landing.kind === 'alone') break;
    }
    return this.#afterAll(question, key!, 'crowd');
  }

  /**
   * The right to make anew what others may still be given meanwhile; undefined when somebody has it, or should pause
   * after failures. `urgent`: somebody waits for it, and would make it himself.
   */
  elect(key: CacheKey, tags: readonly Tag[], urgent = false): Lead<T> | undefined {
    if (this.#flights.isFull(key) || (!urgent && this.#backoff.isPaused(key))) return undefined;
    const flight = this.#flights.lead(key, tags);
    const lead = this.#newLead(key, flight, (landing) => {
      this.#elected.delete(lead);
      if (landing.kind === 'shared') this.#backoff.succeeded(key);
      else if (landing.kind !== 'again') this.#backoff.failed(key);
    });
    this.#elected.add(lead);
    const { waitTimeout, fillTimeout } = this.#parts.limits;
    lead.begin((waitTimeout + fillTimeout) * 1000);
    return lead;
  }

  /** Takes a turn, and the key among all processes. The lead has landed unless it is `run` or `late`. */
  async contend<A>(
    lead: Lead<T>,
    question: Pick<Question<T, A>, 'look'>,
    key: CacheKey,
    untilMs = this.#deadline(),
  ): Promise<Contended<T, A>> {
    try {
      return await this.#contend(lead, question, key, untilMs);
    } catch (error) {
      lead.land({ kind: 'again' });
      throw error;
    }
  }

  async #contend<A>(
    lead: Lead<T>,
    question: Pick<Question<T, A>, 'look'>,
    key: CacheKey,
    untilMs: number,
  ): Promise<Contended<T, A>> {
    for (;;) {
      const queuedAtMs = this.#parts.clock.monotonicMs();
      await lead.takeTurn(this.#parts.turns.take(key, 'leader'));
      // To queue is not to wait for another's fill.
      untilMs += this.#parts.clock.monotonicMs() - queuedAtMs;
      if (lead.landed) return { kind: 'late' };
      // Asked for in this order on one connection, they are answered in this order, in one round trip.
      const asking = this.#parts.lock.acquire(key, LOCK_TTL_MS);
      const looking = question.look(true);
      // Awaited below, when it is known what is to be given back.
      looking.catch(() => {});
      const grant = await asking;
      if (grant.kind === 'held') lead.keep(grant);
      else lead.giveTurnBack();
      const first = await looking;
      if (first.kind === 'answer') return landedBy(lead, first);
      if (grant.kind === 'held') return { kind: 'run' };
      const ending = await grant.freed(this.#leftUntil(untilMs));
      if (ending === 'unshared') {
        lead.land({ kind: 'unshared', reason: 'unshared' });
        return { kind: 'unshared' };
      }
      // Where nobody needs it, what has failed elsewhere is not tried here at once: everywhere there is a pause.
      if (ending === 'failed' && this.#elected.has(lead)) {
        lead.land({ kind: 'failed' });
        return { kind: 'late' };
      }
      // Whoever had it before may have stored what is wanted.
      const seen = await question.look(true);
      if (seen.kind === 'answer') return landedBy(lead, seen);
      if (this.#leftUntil(untilMs) === 0) return { kind: 'late' };
    }
  }

  /** Nobody joins a fill that may have read what these tags say is out of date. */
  detach(tags: readonly Tag[]): void {
    this.#flights.detach(tags);
  }

  /** Others may go on with whatever is under way; what nobody waits for ends here. */
  async close(): Promise<void> {
    const leads = [...this.#leads];
    for (const lead of leads) lead.letGo();
    for (const lead of this.#elected) lead.land({ kind: 'again' });
    await Promise.all(leads.map(({ released }) => released));
  }

  async #lead<A>(question: Question<T, A>, key: CacheKey, untilMs: number): Promise<Outcome<T, A>> {
    const lead = this.#newLead(key, this.#flights.lead(key, question.tags));
    const outcome = await this.contend(lead, question, key, untilMs);
    if (outcome.kind === 'answer') return outcome;
    if (outcome.kind === 'unshared') return { kind: 'run', lead: this.#alone(key) };
    if (outcome.kind === 'late') {
      const answer = await question.cover('late');
      if (answer !== undefined) {
        lead.land({ kind: 'again' });
        return { kind: 'answer', answer };
      }
      return this.#inTurn(lead, question, key, 'leader');
    }
    return { kind: 'run', lead };
  }

  #fromLanding<A>(
    question: Question<T, A>,
    flight: Flight<T>,
    landing: Landing<T> | { readonly kind: 'late' },
  ): Promise<A | undefined> {
    if (landing.kind === 'shared') return question.share(landing.result, flight);
    if (landing.kind === 'failed' || landing.kind === 'late') return question.cover(landing.kind);
    return Promise.resolve(undefined);
  }

  #afterAll<A>(question: Question<T, A>, key: CacheKey, as: 'leader' | 'crowd'): Promise<Outcome<T, A>> {
    return this.#inTurn(this.#alone(key), question, key, as);
  }

  /** Without the lock, when its turn comes; somebody may have been luckier by then. */
  async #inTurn<A>(
    lead: Lead<T>,
    question: Question<T, A>,
    key: CacheKey,
    as: 'leader' | 'crowd',
  ): Promise<Outcome<T, A>> {
    await lead.takeTurn(this.#parts.turns.take(key, as));
    const seen = await question.look(false);
    return seen.kind === 'absent' ? { kind: 'run', lead } : landedBy(lead, seen);
  }

  /** A run that nobody waits for. */
  #alone(key: CacheKey): Lead<T> {
    return this.#newLead(key, undefined);
  }

  #newLead(
    key: CacheKey,
    flight: Flight<T> | undefined,
    ended: (landing: Landing<T>) => void = () => {},
  ): Lead<T> {
    const lead: Lead<T> = new Lead({
      clock: this.#parts.clock,
      flight,
      ended: (landing) => {
        this.#leads.delete(lead);
        if (landing.kind === 'unshared') this.#unshared.add(key, landing.reason);
        if (landing.kind === 'shared') this.#unshared.delete(key);
        ended(landing);
      },
    });
    this.#leads.add(lead);
    return lead;
  }

  #deadline(): number {
    return this.#parts.clock.monotonicMs() + this.#parts.limits.waitTimeout * 1000;
  }

  #leftUntil(ms: number): number {
    return Math.max(0, ms - this.#parts.clock.monotonicMs());
  }
}

/** What was found instead is as good for those who wait. */
function landedBy<T, S extends { readonly result?: T | undefined }>(lead: Lead<T>, seen: S): S {
  const { result } = seen;
  lead.land(result === undefined ? { kind: 'again' } : { kind: 'shared', result });
  return seen;
}
