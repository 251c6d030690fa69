import type { RequestParamHandler } from 'express';
import { z } from 'zod';
import { type FieldError, notFound, Problem } from './problem.ts';

export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  if (body === undefined) throw new Problem(415, 'The body must be JSON, and say so in Content-Type.');
  return parse(schema, body, 'The body is not valid.', (path) => `/${path.join('/')}`);
}

export function parseQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  return parse(schema, query, 'The query is not valid.', (path) => path.join('.'));
}

/** For `router.param('id', …)`: what cannot be an id names nothing, and reaches neither cache nor database. */
export const integerId: RequestParamHandler = (_req, _res, next, value: string) => {
  next(isId(value) ? undefined : notFound('resource'));
};

// The largest integer that Postgres takes for the column.
const MAX_ID = 2_147_483_647;
const isId = (value: string): boolean => /^[1-9]\d{0,9}$/.test(value) && Number(value) <= MAX_ID;

export const pageQuery = z.strictObject({
  page: z.coerce.number().int().min(1).max(10_000).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});
export type PageQuery = z.infer<typeof pageQuery>;

function parse<T>(
  schema: z.ZodType<T>,
  value: unknown,
  detail: string,
  at: (path: readonly PropertyKey[]) => string,
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue): FieldError[] => {
    if (issue.code !== 'unrecognized_keys') return [{ at: at(issue.path), detail: issue.message }];
    return issue.keys.map((key) => ({ at: at([...issue.path, key]), detail: 'There is no such field.' }));
  });
  throw new Problem(400, detail, errors);
}
