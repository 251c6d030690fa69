import { redisTier } from '../../src/index.ts';
import { contextOf } from './context.ts';
import { untilReady } from './ready.ts';

/** A process that takes a lock, says so, and is never heard of again. */
const { REDIS_URL, NAMESPACE, KEY, TTL_MS } = process.env;
const { store, lock } = redisTier(REDIS_URL!, { commandTimeoutMs: 5000 }).open(contextOf(NAMESPACE!));
await untilReady(store);
const { kind } = await lock.acquire(KEY!, Number(TTL_MS));
process.send!(kind);
