import type { RedisTierOptions } from '@larder/redis';

/** On a busy machine answers come late that are on their way, which is another fault than most of these. */
export const PATIENT: RedisTierOptions = { commandTimeoutMs: 20_000 };
