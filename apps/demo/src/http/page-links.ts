import type { Request } from 'express';
import type { PageQuery } from './validate.ts';

export interface PageLinks {
  readonly self: string;
  readonly first: string;
  readonly prev?: string;
  readonly next?: string;
  readonly last: string;
}

/** Without a host: a stored response must not repeat the name that one of its readers called us by. */
export function pageLinks(req: Request, { page, limit }: PageQuery, total: number): PageLinks {
  const last = Math.max(1, Math.ceil(total / limit));
  const to = (number: number): string => {
    const query = new URLSearchParams(req.query as Record<string, string>);
    query.set('page', String(number));
    return `${req.baseUrl}${req.path === '/' ? '' : req.path}?${query}`;
  };
  return {
    self: to(page),
    first: to(1),
    ...(page > 1 && { prev: to(Math.min(page - 1, last)) }),
    ...(page < last && { next: to(page + 1) }),
    last: to(last),
  };
}
