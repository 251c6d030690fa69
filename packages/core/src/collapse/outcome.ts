import type { Clock } from '../clock.ts';
import type { CacheEvent, Observer, RefreshOutcome } from '../events.ts';
import type { Landing } from './flight.ts';

/** How a refresh ended, for events. */
export function refreshOutcome(landing: Landing<unknown>): RefreshOutcome {
  if (landing.kind !== 'shared') return OUTCOMES[landing.kind];
  if (landing.unkept === 'overtaken') return 'dropped';
  return landing.unkept === undefined ? 'stored' : 'unstored';
}

const OUTCOMES = {
  unshared: 'unstored',
  alone: 'unstored',
  failed: 'failed',
  again: 'dropped',
} as const satisfies Record<Exclude<Landing<unknown>['kind'], 'shared'>, RefreshOutcome>;

export interface TellingContext {
  readonly namespace: string;
  readonly clock: Clock;
  readonly observe: Observer;
}

/** Tells the observer of a refresh that begins now, when it has ended. */
export function refreshTeller(
  { namespace, clock, observe }: TellingContext,
  route: string,
  reason: Extract<CacheEvent, { type: 'refresh' }>['reason'],
): (outcome: RefreshOutcome) => void {
  const beganMs = clock.monotonicMs();
  return (outcome) => {
    const seconds = (clock.monotonicMs() - beganMs) / 1000;
    observe({ type: 'refresh', namespace, route, reason, outcome, seconds });
  };
}
