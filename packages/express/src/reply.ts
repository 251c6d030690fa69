import { randomBytes } from 'node:crypto';
import {
  answerRange,
  type ByteRange,
  belongsOn304,
  byteranges,
  type CacheStatus,
  contentRange,
  currentAge,
  type FieldLine,
  type Fields,
  fieldsOf,
  formatCacheStatus,
  isNotModified,
  isRemoval,
  OWN_FIELD,
  type StoredResponse,
  unsatisfiedRange,
  type Validators,
  xCache,
} from '@larder/core';
import type { Request, Response } from 'express';
import type { End } from './capture.ts';
import { varyBy } from './head.ts';

export interface Reply {
  /** The request's own fields, the preconditions among them. */
  readonly asked: Fields;
  readonly stored: StoredResponse;
  readonly status: CacheStatus;
  readonly statusHeaders: boolean;
  readonly now: number;
  /** Ends the response; a capture in the way is passed by. */
  readonly end: End;
}

/** Sends a stored response: whole, in part, as a head, or as 304 to a client that has it already. */
export function reply(req: Request, res: Response, given: Reply): void {
  const { asked, stored, status, statusHeaders, now, end } = given;
  const notModified = stored.status < 300 && isNotModified(asked, validatorsOf(stored, asked));
  res.statusCode = notModified ? 304 : stored.status;
  // Left empty it is what belongs to the code; a handler that failed may have left its own.
  res.statusMessage = '';
  for (const name of OF_ANOTHER_BODY) res.removeHeader(name);
  for (const [name, value] of stored.lines) {
    const key = name.toLowerCase();
    if (isRemoval(value)) res.removeHeader(name);
    else if (key === 'vary') varyBy(res, String(value));
    else if (!notModified || belongsOn304(key)) res.setHeader(name, value);
  }
  res.removeHeader(OWN_FIELD);
  if (statusHeaders) {
    res.setHeader('Age', String(currentAge(stored.generatedAt, now)));
    tellStatus(res, status);
  }
  const body = isForPart(req, asked, stored) && !notModified ? partOf(res, asked, stored) : stored.body;
  if (!notModified && stored.status !== 204) res.setHeader('Content-Length', String(body.length));
  end(notModified || req.method === 'HEAD' ? undefined : body);
}

/** A handler that confirmed the response, or failed, may have said these of a body that is not sent. */
const OF_ANOTHER_BODY = ['Transfer-Encoding', 'Trailer', 'Content-Encoding', 'Content-Range', 'Content-Type'];

/** Without Last-Modified its Date is what If-Modified-Since is compared with (RFC 9111 §4.3.2). */
function validatorsOf({ etag, lastModified, lines }: StoredResponse, asked: Fields): Validators {
  if (lastModified !== undefined || asked.get('if-modified-since') === undefined)
    return { etag, lastModified };
  const date = lines.find(([name]) => name.toLowerCase() === 'date')?.[1];
  return { etag, lastModified: date === undefined ? undefined : String(date) };
}

/** RFC 9110 §14.2: only GET has ranges, and only of a whole. */
const isForPart = (req: Request, asked: Fields, stored: StoredResponse): boolean =>
  req.method === 'GET' && stored.status === 200 && asked.get('range') !== undefined;

/** RFC 9110 §14: makes the head that of a part, of several, or of none, and gives the bytes. */
function partOf(res: Response, asked: Fields, { body, etag, lastModified, lines }: StoredResponse): Buffer {
  const fields = fieldsOf(lines);
  if (fields.get('accept-ranges')?.toLowerCase() === 'none') return body;
  const answer = answerRange(asked, { etag, lastModified, date: fields.get('date') }, body.length);
  if (answer.kind === 'whole') return body;
  // Whoever compresses upstream would compress the part, which is then a part of nothing (RFC 9110 §14.4).
  const control = res.getHeader('Cache-Control');
  res.setHeader('Cache-Control', control === undefined ? 'no-transform' : `${control}, no-transform`);
  if (answer.kind === 'unsatisfiable') return unsatisfied(res, body.length);
  res.statusCode = 206;
  if (answer.kind === 'parts') return severalParts(res, answer.parts, body, fields.get('content-type'));
  res.setHeader('Content-Range', contentRange(answer.first, answer.last, body.length));
  return slice(body, answer);
}

/** RFC 9110 §15.5.17: about the range that was asked for, not about the representation. */
function unsatisfied(res: Response, length: number): Buffer {
  res.statusCode = 416;
  dropRepresentation(res);
  res.setHeader('Content-Range', unsatisfiedRange(length));
  return NOTHING;
}

function severalParts(
  res: Response,
  parts: readonly ByteRange[],
  body: Buffer,
  contentType: string | undefined,
): Buffer {
  const multipart = byteranges(parts, body.length, contentType, randomBytes(24).toString('hex'));
  res.setHeader('Content-Type', multipart.contentType);
  return Buffer.concat(
    multipart.pieces.map((piece) =>
      typeof piece === 'string' ? Buffer.from(piece, 'latin1') : slice(body, piece),
    ),
  );
}

const slice = (body: Buffer, { first, last }: ByteRange): Buffer => body.subarray(first, last + 1);
const NOTHING = Buffer.alloc(0);

/** What a handler's own response becomes on its way. */
export interface Sending {
  /** Undefined where preconditions were the handler's to answer. */
  readonly asked: Fields | undefined;
  /** Lines to add. */
  readonly lines: readonly FieldLine[];
}

/** Makes a handler's response ready for its client; true when that has it already, and needs the head alone. */
export function replyAs(res: Response, { asked, lines }: Sending): boolean {
  for (const [name, value] of lines) {
    if (name === 'Vary') varyBy(res, String(value));
    else res.setHeader(name, value);
  }
  res.removeHeader(OWN_FIELD);
  if (asked === undefined || !isFresh(asked, res)) return false;
  res.statusCode = 304;
  res.statusMessage = '';
  dropRepresentation(res);
  return true;
}

function dropRepresentation(res: Response): void {
  for (const name of res.getHeaderNames()) if (!belongsOn304(name)) res.removeHeader(name);
}

/** The client's precondition, which was hidden from the handler, answered in its place. */
function isFresh(asked: Fields, res: Response): boolean {
  if (res.statusCode < 200 || res.statusCode > 299) return false;
  const text = (name: string) => res.getHeader(name)?.toString();
  return isNotModified(asked, { etag: text('ETag'), lastModified: text('Last-Modified') });
}

/** `X-Cache` for people, `Cache-Status` for everything else (RFC 9211). */
export function tellStatus(res: Response, status: CacheStatus): void {
  res.setHeader('X-Cache', xCache(status));
  const before = res.getHeader('Cache-Status');
  res.setHeader('Cache-Status', formatCacheStatus(status, before === undefined ? undefined : String(before)));
}

/** Takes back what was told of a response that has come to be another. */
export function untellStatus(res: Response): void {
  res.removeHeader('X-Cache');
  res.removeHeader('Cache-Status');
}
