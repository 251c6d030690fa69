import { type Clock, type SharedContext, systemClock } from '@larder/core';

/** What a cache opens a tier with. */
export const contextOf = (
  namespace: string,
  clock: Clock = systemClock,
  heard: Partial<SharedContext> = {},
): SharedContext => ({ namespace, clock, observe() {}, off() {}, forgot() {}, ...heard });
