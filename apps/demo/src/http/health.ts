import { setTimeout as sleep } from 'node:timers/promises';
import { cacheControl, presets } from '@larder/express';
import { Router } from 'express';
import type { Registry } from 'prom-client';

export type Ping = () => Promise<unknown>;

export interface HealthOptions {
  readonly postgres: Ping;
  /** Absent: this shop runs without Redis. */
  readonly redis: Ping | undefined;
  readonly register: Registry;
}

const PATIENCE_MS = 1_000;

export function healthRoutes({ postgres, redis, register }: HealthOptions): Router {
  const router = Router();
  router.get('/healthz', noStore, (_req, res) => {
    res.json({ status: 'up' });
  });
  router.get('/readyz', noStore, async (_req, res) => {
    const [database, cache] = await Promise.all([state(postgres), redis ? state(redis) : 'not used']);
    // Redis is reported and decides nothing: without it the shop is slower, not down.
    const ready = database === 'up';
    res
      .status(ready ? 200 : 503)
      .json({ status: ready ? 'ready' : 'not ready', postgres: database, redis: cache });
  });
  router.get('/metrics', noStore, async (_req, res) => {
    res.type(register.contentType).send(await register.metrics());
  });
  return router;
}

const noStore = cacheControl(presets.noStore);

async function state(ping: Ping): Promise<'up' | 'down'> {
  const patience = new AbortController();
  const tooLong = sleep(PATIENCE_MS, 'down' as const, { signal: patience.signal }).catch(
    () => 'down' as const,
  );
  const answer = ping().then(
    () => 'up' as const,
    () => 'down' as const,
  );
  return Promise.race([answer, tooLong]).finally(() => patience.abort());
}
