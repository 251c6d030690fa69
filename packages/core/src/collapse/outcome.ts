import type { RefreshOutcome } from '../events.ts';
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
