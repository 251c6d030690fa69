import { performance } from 'node:perf_hooks';
import type { Redis } from 'ioredis';
import type { ClockReading } from './facts.ts';

const PINGS = 100;
const PINGS_MS = 3000;
const READINGS = 5;

/** One after another, as many as fit into a few seconds. */
export async function roundTrips(connection: Redis): Promise<number[]> {
  const tripsMs: number[] = [];
  const until = performance.now() + PINGS_MS;
  while (tripsMs.length < PINGS && performance.now() < until) {
    const sent = performance.now();
    await connection.ping();
    tripsMs.push(performance.now() - sent);
  }
  return tripsMs;
}

/** The reading with the shortest way is the one that says most. */
export async function readClock(connection: Redis, now: () => number): Promise<ClockReading> {
  const readings: ClockReading[] = [];
  for (let i = 0; i < READINGS; i++) {
    const sent = performance.now();
    const [seconds, micros] = await connection.time();
    const withinMs = (performance.now() - sent) / 2;
    readings.push({ aheadMs: Number(seconds) * 1000 + Number(micros) / 1000 - (now() - withinMs), withinMs });
  }
  return readings.reduce((best, reading) => (reading.withinMs < best.withinMs ? reading : best));
}
