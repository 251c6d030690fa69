import { PRECONDITION_FIELDS, type ResolvedPolicy } from '@larder/core';
import type { Request } from 'express';
import { cookieValues } from './request-head.ts';

/**
 * Takes off a request what must not shape a response that others will get: preconditions, which Express would
 * answer with an empty 304, and cookies that the key does not cover. Returns what puts them back.
 */
export function withhold(
  req: Request,
  policy: Pick<ResolvedPolicy, 'cookies' | 'credentialsCovered'>,
): () => void {
  const { headers } = req;
  const original = { ...headers };
  for (const name of PRECONDITION_FIELDS) delete headers[name];
  if (!policy.credentialsCovered && policy.cookies !== undefined) keepCookies(req, policy.cookies);
  return () => {
    for (const name of [...PRECONDITION_FIELDS, 'cookie'] as const) {
      if (original[name] !== undefined) headers[name] = original[name];
    }
  };
}

function keepCookies(req: Request, names: readonly string[]): void {
  const kept = cookieValues(req, names).filter(([, value]) => value !== null);
  if (kept.length === 0) delete req.headers.cookie;
  else req.headers.cookie = kept.map((pair) => pair.join('=')).join('; ');
}
