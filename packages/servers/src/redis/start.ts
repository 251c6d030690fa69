import { dockerRedis } from '../docker.ts';
import { noRedis } from '../errors.ts';
import { found, type Progress, type Server } from '../server.ts';
import { findRedis } from './find.ts';
import { runRedis } from './spawn.ts';
import { nameOf, type VariantName, variantOf } from './variants.ts';

export interface RedisOptions {
  /** Any free port when absent; means nothing to a Redis that is only found. */
  readonly port?: number | undefined;
  readonly args?: readonly string[] | undefined;
  readonly onProgress?: Progress | undefined;
  /** This one, whatever REDIS_URL and LARDER_REDIS name. */
  readonly variant?: VariantName | undefined;
}

/** A Redis to talk to: the one named by REDIS_URL, or one of ours until `stop`. */
export async function startRedis(options: RedisOptions = {}): Promise<Server> {
  const onProgress = options.onProgress ?? (() => {});
  const variant = variantOf(options.variant);
  const given = options.variant === undefined && process.env.REDIS_URL;
  if (given) return found(given, 'REDIS_URL');
  const tried = options.variant === undefined ? ['REDIS_URL: not set'] : [];

  const container = await dockerRedis({ ...options, image: variant.image, onProgress }, tried);
  if (container) return container;

  const program = await findRedis(variant, tried, onProgress);
  if (program) return runRedis(program, options);
  throw noRedis(nameOf(variant), tried);
}
