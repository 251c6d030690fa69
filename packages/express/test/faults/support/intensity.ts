import { vi } from 'vitest';

/** `LARDER_CHAOS=long`: everything that a test repeats is repeated until rare things happen. */
const long = process.env.LARDER_CHAOS === 'long';

/** Enough to see it every time in a few seconds; or as much as there is time for. */
export const amount = (short: number, many: number): number => (long ? many : short);

/** To be called by a file whose tests use `amount`. */
export function takeTime(): void {
  vi.setConfig({ testTimeout: long ? 15 * 60_000 : 90_000 });
}

/** How long what goes on and on goes on: `LARDER_SOAK_MINUTES`, two hours where nothing is said; in short once through. */
export const soakMs = long ? Number(process.env.LARDER_SOAK_MINUTES ?? 120) * 60_000 : 0;
