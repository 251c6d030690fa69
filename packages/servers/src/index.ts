export { DataInUseError, NoServerError, ServerFailedError } from './errors.ts';
export { type PostgresOptions, startPostgres } from './postgres/start.ts';
export { type LocalRedisOptions, spawnRedis } from './redis/spawn.ts';
export { type RedisOptions, startRedis } from './redis/start.ts';
export type { LocalRedis, Progress, Server } from './server.ts';
