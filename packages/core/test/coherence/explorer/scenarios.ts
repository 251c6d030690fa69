import { OF_ONE } from './scenarios-of-one.ts';
import { OF_TWO } from './scenarios-of-two.ts';

/** Worlds that are small enough to be searched to their ends, and together large enough for every rule to be needed. */
export const SCENARIOS = { ...OF_ONE, ...OF_TWO };
