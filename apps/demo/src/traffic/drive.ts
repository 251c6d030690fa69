import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from './client.ts';
import type { Visit } from './mix.ts';
import type { Tally } from './tally.ts';

export interface Drive {
  readonly seconds: number;
  readonly concurrency: number;
  readonly rate: number;
  readonly signal: AbortSignal;
}

/** Visits until the time is up or the signal says so; never more than `concurrency` at once. */
export async function drive(client: Client, next: () => Visit, tally: Tally, options: Drive): Promise<void> {
  const { seconds, concurrency, rate, signal } = options;
  const began = performance.now();
  const endsAt = began + seconds * 1000;
  const spacing = rate === 0 ? 0 : 1000 / rate;
  let turnAt = began;
  // Each visitor that waits for its turn listens.
  setMaxListeners(concurrency + 1, signal);

  async function visitor(): Promise<void> {
    while (!signal.aborted) {
      const now = performance.now();
      // A shop that was slow for a while is not then made to catch up.
      turnAt = Math.max(turnAt + spacing, now - concurrency * spacing);
      if (Math.max(turnAt, now) >= endsAt) return;
      if (turnAt > now) await sleep(turnAt - now, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await visit(client, next(), tally);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, visitor));
}

async function visit(client: Client, wanted: Visit, tally: Tally): Promise<void> {
  try {
    tally.reply(wanted, await client.send(wanted));
  } catch (error) {
    tally.failure(wanted, error as Error);
  }
}
