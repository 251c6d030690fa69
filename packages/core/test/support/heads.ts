import fc from 'fast-check';
import { formatHttpDate } from '../../src/http/date.ts';
import { type FieldLine, type Fields, fieldsOf } from '../../src/http/fields.ts';
import type { RequestHead, ResponseHead } from '../../src/http/message.ts';

/** Field values by name; an array stands for several lines. */
export type Given = Readonly<Record<string, string | readonly string[]>>;

export const linesFrom = (given: Given): FieldLine[] => Object.entries(given);
export const fieldsFrom = (given: Given): Fields => fieldsOf(linesFrom(given));

export const response = (given: Given = {}, status = 200): ResponseHead => ({
  status,
  lines: linesFrom(given),
  fields: fieldsFrom(given),
});

export const request = (given: Given = {}, rest: Partial<RequestHead> = {}): RequestHead => ({
  method: 'GET',
  scheme: 'http',
  authority: 'localhost',
  target: '/',
  rewritten: undefined,
  fields: fieldsFrom(given),
  hasBody: false,
  ...rest,
});

export const NOW = Date.UTC(2026, 0, 1);
export const ago = (seconds: number): string => formatHttpDate(NOW - seconds * 1000);
export const ahead = (seconds: number): string => ago(-seconds);

/** Long enough that the square of it would take hours. */
export const MANY = 4_000_000;

/** Any text: of any characters, and of those that mean something in fields. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        ...['no-cache', 'no-store', 'private', 'max-age', 's-maxage', 'max-stale', 'min-fresh', 'W/', 'GMT'],
        ...[
          '=',
          '"',
          '\\',
          ',',
          ';',
          ' ',
          '\t',
          '\n',
          '*',
          '?0',
          '(',
          ')',
          '/',
          ':',
          '-',
          '1',
          '60',
          'é',
          '\0',
        ],
        ...['http://', 'localhost', 'Sun', '06', 'Nov', '1994', '08:49:37'],
      ),
    )
    .map((parts) => parts.join('')),
);
