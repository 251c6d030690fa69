import type { RequestHandler } from 'express';
import type { SessionRepository } from '../sessions/session-repository.ts';
import type { Account } from '../users/user-repository.ts';
import { forbidden, unauthorized } from './problem.ts';

declare global {
  namespace Express {
    interface Request {
      /** Set by `requireUser`, on the routes that ask for it. */
      user?: Account;
    }
  }
}

/** Mounted on the routes that need it, not app-wide: a request with a known user is not a shared one. */
export function requireUser(sessions: SessionRepository): RequestHandler {
  return async (req, _res, next) => {
    const token = /^Bearer ([\w-]+)$/i.exec(req.get('Authorization') ?? '')?.[1];
    if (token === undefined) throw unauthorized('This needs a Bearer token: POST /api/sessions gives one.');
    const user = await sessions.userOf(token);
    if (user === undefined) throw unauthorized('The token is unknown or no longer valid.');
    req.user = user;
    next();
  };
}

export const requireStaff: RequestHandler = (req, _res, next) => {
  next(req.user?.role === 'staff' ? undefined : forbidden('Only staff may do this.'));
};

export function currentUser(req: Express.Request): Account {
  if (req.user === undefined) throw unauthorized('This needs a Bearer token.');
  return req.user;
}
