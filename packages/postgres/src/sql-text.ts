import { createHash } from 'node:crypto';
import { invalidOptions } from '@larder/core';

/** Names and texts as SQL takes them, whatever is in them. */

/** As it is called, case and all: `products`, `shop.products`, or `['my.schema', 'products']`. */
export type TableName = string | readonly [schema: string, name: string];

export interface Table {
  readonly schema: string | undefined;
  readonly name: string;
  /** Quoted, for SQL. */
  readonly sql: string;
}

/** What comes after, Postgres would cut off without an error. */
const MAX_NAME_BYTES = 63;

/** @throws LarderError `LARDER_INVALID_OPTIONS` */
export function tableOf(option: string, given: unknown): Table {
  const parts = typeof given === 'string' ? given.split('.') : given;
  if (!Array.isArray(parts) || parts.length < 1 || parts.length > 2 || !parts.every(isName))
    throw invalidOptions(
      option,
      given,
      `give 'table', 'schema.table' or ['schema', 'table'], each of 1–${MAX_NAME_BYTES} bytes`,
    );
  const [name, schema] = parts.toReversed() as [string, string?];
  return { schema, name, sql: parts.map(identifier).join('.') };
}

export const isName = (given: unknown): given is string =>
  isText(given) && given !== '' && Buffer.byteLength(given) <= MAX_NAME_BYTES;

/** Postgres has no text with a NUL in it. */
export const isText = (given: unknown): given is string => typeof given === 'string' && !given.includes('\0');

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A name of our own. Where Postgres would cut it off, a digest tells it from others that begin alike. */
export function ownName(...parts: readonly string[]): string {
  const whole = ['larder', ...parts].join(':');
  if (isName(whole)) return identifier(whole);
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 40);
  return identifier(`larder:${digest}`);
}

export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  return quoted.includes('\\') ? `E${quoted}` : quoted;
}

/** A literal that people can read, of SQL that may have anything in it. */
export function dollarQuoted(sql: string): string {
  let quote = '$larder$';
  for (let i = 1; sql.includes(quote); i += 1) quote = `$larder${i}$`;
  return `${quote}\n${sql}\n${quote}`;
}
