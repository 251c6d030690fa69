import { startPostgres, startRedis } from '../../packages/servers/src/index.ts';

/**
 * One Redis and one Postgres for all integration tests of a run. They are handed on as REDIS_URL and
 * DATABASE_URL, which is how tests would be pointed at any others.
 */
export default async function servers(): Promise<() => Promise<void>> {
  const redis = await startRedis();
  const postgres = await startPostgres().catch(async (error) => {
    await redis.stop();
    throw error;
  });
  process.env.REDIS_URL = redis.url;
  process.env.DATABASE_URL = postgres.url;
  console.log(`Redis: ${redis.how}. Postgres: ${postgres.how}.`);
  return async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
  };
}
