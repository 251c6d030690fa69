import { RedisStore } from 'connect-redis';
import type { RequestHandler } from 'express';
import session from 'express-session';
import { unavailable } from '../http/problem.ts';
import type { SharedRedis } from '../redis.ts';
import type { CartItem } from './schemas.ts';

declare module 'express-session' {
  interface SessionData {
    cart: readonly CartItem[];
  }
}

const WEEK_MS = 7 * 86_400_000;

/**
 * A visitor's session, from the first thing that is put into it. Mounted on the routes that read it and not app-wide: a
 * request whose session holds something is somebody's own, and goes past the cache wherever it is known by then.
 */
export function cartSession(secret: string, redis: SharedRedis | undefined): RequestHandler {
  const keep = session({
    name: 'shop.sid',
    secret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: 'auto', maxAge: WEEK_MS },
    // Without Redis they are in memory, and end with the process.
    ...(redis && { store: new RedisStore({ client: redis.client, prefix: redis.prefixes.sessions }) }),
  });
  return (req, res, next) => {
    keep(req, res, (error?: unknown) => {
      if (!error) return next();
      // One that comes behind the answer only kept the session from living longer.
      if (!res.headersSent) next(unreachable());
    });
  };
}

/** Before the answer, or its client would be told of something that was then not kept. */
export function saveSession({ session }: Express.Request): Promise<void> {
  return new Promise((resolve, reject) => {
    session.save((error) => (error ? reject(unreachable()) : resolve()));
  });
}

const unreachable = () => unavailable('The cart cannot be reached just now; the shop goes on without it.');
