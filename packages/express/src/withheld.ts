import { type Fields, PRECONDITION_FIELDS, type ResolvedPolicy } from '@larder/core';
import type { Request } from 'express';
import { cookieValues, fieldsOfRequest } from './request-head.ts';

/** A request from which something was taken, and which can have it back. */
export interface Withheld {
  /** The request's fields as the client sent them. */
  readonly asked: Fields;
  /** Cookies are still kept from the handler. */
  readonly hidden: boolean;
  restore(): void;
}

/** What cookie-parser puts on a request. */
interface ParsedCookies {
  cookies?: Record<string, unknown>;
  signedCookies?: Record<string, unknown>;
}

/**
 * Takes off a request what must not shape a response that others will get: preconditions, which Express would
 * answer with an empty 304, and cookies that the key does not cover, parsed ones too.
 */
export function withhold(
  req: Request,
  policy: Pick<ResolvedPolicy, 'cookies' | 'credentialsCovered'>,
): Withheld {
  const { headers } = req;
  const { cookies, signedCookies } = req as ParsedCookies;
  const original = { ...headers };
  for (const name of PRECONDITION_FIELDS) delete headers[name];
  let hidden = !policy.credentialsCovered && policy.cookies !== undefined;
  if (hidden) keepCookies(req, policy.cookies ?? []);
  return {
    asked: fieldsOfRequest({ headers: original }),
    get hidden() {
      return hidden;
    },
    restore() {
      for (const name of [...PRECONDITION_FIELDS, 'cookie'] as const) {
        if (original[name] !== undefined) headers[name] = original[name];
      }
      if (hidden) Object.assign(req, cookies && { cookies }, signedCookies && { signedCookies });
      hidden = false;
    },
  };
}

function keepCookies(req: Request & ParsedCookies, names: readonly string[]): void {
  const kept = cookieValues(req, names).filter(([, value]) => value !== null);
  if (kept.length === 0) delete req.headers.cookie;
  else req.headers.cookie = kept.map((pair) => pair.join('=')).join('; ');
  if (req.cookies) req.cookies = only(names, req.cookies);
  if (req.signedCookies) req.signedCookies = only(names, req.signedCookies);
}

function only(names: readonly string[], parsed: Record<string, unknown>): Record<string, unknown> {
  const kept = names
    .filter((name) => Object.hasOwn(parsed, name))
    .map((name) => [name, parsed[name]] as const);
  return Object.assign(Object.create(null), Object.fromEntries(kept));
}
