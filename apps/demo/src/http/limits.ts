import { createHash } from 'node:crypto';
import type { RequestHandler } from 'express';
import { ipKeyGenerator, MINUTE, type Options, rateLimit } from 'express-rate-limit';
import type { Redis } from 'ioredis';
import { type RedisReply, RedisStore, type SendCommandFn } from 'rate-limit-redis';
import type { SharedRedis } from '../redis.ts';
import { Problem } from './problem.ts';

export interface Limits {
  /** Failed ones only, of one account from one address. */
  readonly logins: RequestHandler;
  /** Before the cache: here it is the bytes that cost, and a hit has as many. */
  readonly exports: RequestHandler;
}

/** Without Redis each process counts for itself. */
export function openLimits(redis: SharedRedis | undefined): Limits {
  const limit = (name: string, own: Partial<Options>) =>
    rateLimit({
      ...own,
      identifier: name,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      // Without Redis nobody is counted, rather than nobody served; each time it says so on the console.
      passOnStoreError: true,
      handler: (_req, _res, next) => next(tooMany()),
      ...(redis && { store: redisStore(redis, name) }),
    });
  return {
    logins: limit('logins', {
      windowMs: MINUTE,
      limit: 5,
      skipSuccessfulRequests: true,
      keyGenerator: (req) => digest(`${ipKeyGenerator(req.ip ?? '')} ${accountOf(req.body)}`),
    }),
    exports: limit('exports', { windowMs: MINUTE, limit: 60 }),
  };
}

const tooMany = () => new Problem(429, 'Too many of these: Retry-After says when it is worth trying again.');

const accountOf = (body: unknown): string =>
  String((body as { email?: unknown } | undefined)?.email).toLowerCase();

/** What a client has typed is of any length, and may be a password in the wrong field. */
const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

const redisStore = ({ client, prefixes }: SharedRedis, name: string): RedisStore =>
  new RedisStore({ prefix: `${prefixes.limits}${name}:`, sendCommand: send(client) });

/**
 * The store loads its scripts once, when the shop opens, and fails for good if Redis is not there then. The digest that
 * Redis would have answered with is known without it; told later that there is no such script, the store loads it.
 */
const send =
  (client: Redis): SendCommandFn =>
  async (command, ...args) => {
    const reply = client.call(command, ...args) as Promise<RedisReply>;
    if (command !== 'SCRIPT') return reply;
    return reply.catch(() => createHash('sha1').update(args[1]!).digest('hex'));
  };
