import type { ErrorRequestHandler, RequestHandler } from 'express';
import { conflict, notFound, Problem, unavailable } from './problem.ts';

export const noSuchRoute: RequestHandler = (req) => {
  throw notFound(`route as ${req.method} ${req.path}`);
};

export const writeProblem: ErrorRequestHandler = (error: unknown, req, res, next) => {
  // Too late to say anything else: Express ends the connection.
  if (res.headersSent) return next(error);
  const problem = asProblem(error);
  // Only what nobody foresaw is worth its stack.
  if (problem.status === 500) console.error(`${req.method} ${req.path}:`, error);
  if (problem.status === 401) res.set('WWW-Authenticate', 'Bearer');
  res.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
};

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { code, status, message } = (error ?? {}) as { code?: unknown; status?: unknown; message?: string };
  if (typeof status === 'number' && status >= 400 && status < 500) return new Problem(status, message ?? '');
  if (code === UNIQUE_VIOLATION) return conflict('Something with the same unique value exists already.');
  if (code === 'LARDER_COMMIT_UNKNOWN') return unavailable('The database was lost before it could confirm.');
  if (isConnectionFailure(code, message)) return unavailable('The database cannot be reached.');
  return new Problem(500, 'Something went wrong on our side.');
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION = '23505';
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  '57P01',
  '57P02',
  '57P03',
]);

// pg gives these failures no code, only a message.
const isConnectionFailure = (code: unknown, message = ''): boolean =>
  CONNECTION_CODES.has(String(code)) ||
  /^Connection terminated|timeout exceeded when trying to connect/.test(message);
