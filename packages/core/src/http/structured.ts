/** Structured field values (RFC 9651), read. Total: what cannot be parsed is undefined, whatever the text. */

/** A bare item (RFC 9651 §3.3). The kind keeps apart what JavaScript does not: 1 from 1.0, a token from a string. */
export type BareItem =
  /** A date is in seconds since the epoch (§3.3.7). */
  | { readonly kind: 'integer' | 'decimal' | 'date'; readonly value: number }
  | { readonly kind: 'string' | 'token' | 'display-string'; readonly value: string }
  | { readonly kind: 'byte-sequence'; readonly value: Uint8Array }
  | { readonly kind: 'boolean'; readonly value: boolean };

/** Ordered by name's first appearance; the last value of a name counts (§3.1.2). */
export type Parameters = ReadonlyMap<string, BareItem>;

export type Item = BareItem & { readonly parameters: Parameters };

/** Holds items and never another inner list (§3.1.1): depth is bounded by the grammar. */
export interface InnerList {
  readonly kind: 'inner-list';
  readonly items: readonly Item[];
  readonly parameters: Parameters;
}

export type Member = Item | InnerList;
export type List = readonly Member[];

/** Ordered by key's first appearance; the last member of a key counts (§3.2). */
export type Dictionary = ReadonlyMap<string, Member>;

/** The value of a field whose lines were combined (§4.2); an empty one is no item. */
export const parseItem = (text: string): Item | undefined => parseWhole(text, readItem);

/** The same for a list; an empty value is an empty list. */
export const parseList = (text: string): List | undefined => parseWhole(text, readList);

/** The same for a dictionary; an empty value is an empty dictionary. */
export const parseDictionary = (text: string): Dictionary | undefined => parseWhole(text, readDictionary);

/** A cursor, because cutting off what was read would copy the rest for every member. */
interface Cursor {
  readonly text: string;
  at: number;
}

// Each repeats one class of characters or is bounded, so that no match ever backtracks over what it read.
const SP = / */y;
const OWS = /[ \t]*/y;
const KEY = /[a-z*][a-z0-9_.*-]*/y;
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*/y;
const INTEGER = /-?[0-9]{1,15}/y;
const DECIMAL = /-?[0-9]{1,12}\.[0-9]{1,3}/y;
const BOOLEAN = /\?[01]/y;

function take(cursor: Cursor, pattern: RegExp): string {
  const from = cursor.at;
  pattern.lastIndex = from;
  if (pattern.test(cursor.text)) cursor.at = pattern.lastIndex;
  return cursor.text.slice(from, cursor.at);
}

const next = (cursor: Cursor): string => cursor.text.charAt(cursor.at);

function parseWhole<T>(text: string, read: (cursor: Cursor) => T | undefined): T | undefined {
  const cursor = { text, at: 0 };
  take(cursor, SP);
  const value = read(cursor);
  take(cursor, SP);
  return cursor.at === text.length ? value : undefined;
}

function readList(cursor: Cursor): List | undefined {
  const members: Member[] = [];
  const complete = readMembers(cursor, () => {
    const member = readMember(cursor);
    if (member !== undefined) members.push(member);
    return member !== undefined;
  });
  return complete ? members : undefined;
}

function readDictionary(cursor: Cursor): Dictionary | undefined {
  const members = new Map<string, Member>();
  const complete = readMembers(cursor, () => {
    const key = take(cursor, KEY);
    if (key === '') return false;
    const member = next(cursor) === '=' ? readMember(skip(cursor)) : withParameters(TRUE, cursor);
    if (member !== undefined) members.set(key, member);
    return member !== undefined;
  });
  return complete ? members : undefined;
}

/** The way from comma to comma that lists and dictionaries share (§4.2.1, §4.2.2); none may be the last thing. */
function readMembers(cursor: Cursor, readOne: () => boolean): boolean {
  if (next(cursor) === '') return true;
  while (readOne()) {
    take(cursor, OWS);
    if (next(cursor) === '') return true;
    if (next(cursor) !== ',') return false;
    take(skip(cursor), OWS);
  }
  return false;
}

const readMember = (cursor: Cursor): Member | undefined =>
  next(cursor) === '(' ? readInnerList(skip(cursor)) : readItem(cursor);

function readInnerList(cursor: Cursor): InnerList | undefined {
  const items: Item[] = [];
  for (;;) {
    take(cursor, SP);
    if (next(cursor) === ')') {
      const parameters = readParameters(skip(cursor));
      return parameters && { kind: 'inner-list', items, parameters };
    }
    const item = readItem(cursor);
    if (item === undefined || (next(cursor) !== ' ' && next(cursor) !== ')')) return undefined;
    items.push(item);
  }
}

function readItem(cursor: Cursor): Item | undefined {
  const bare = readBareItem(cursor);
  return bare && withParameters(bare, cursor);
}

function withParameters({ kind, value }: BareItem, cursor: Cursor): Item | undefined {
  const parameters = readParameters(cursor);
  // Named and not spread, because the spread would cost more than all the rest of a long list.
  return parameters && ({ kind, value, parameters } as Item);
}

/** One for all that have none: a map for each member of a long list would weigh many times what the list does. */
const NO_PARAMETERS: Parameters = new Map();

function readParameters(cursor: Cursor): Parameters | undefined {
  if (next(cursor) !== ';') return NO_PARAMETERS;
  const parameters = new Map<string, BareItem>();
  while (next(cursor) === ';') {
    take(skip(cursor), SP);
    const name = take(cursor, KEY);
    if (name === '') return undefined;
    const value = next(cursor) === '=' ? readBareItem(skip(cursor)) : TRUE;
    if (value === undefined) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

/** What a key or a parameter says that comes without a value (§3.1.2, §3.2). */
const TRUE: BareItem = { kind: 'boolean', value: true };

function skip(cursor: Cursor, length = 1): Cursor {
  cursor.at += length;
  return cursor;
}

function readBareItem(cursor: Cursor): BareItem | undefined {
  switch (next(cursor)) {
    case '"':
      return readString(skip(cursor));
    case ':':
      return readByteSequence(skip(cursor));
    case '?':
      return readBoolean(take(cursor, BOOLEAN));
    case '@':
      return readNumber('date', take(skip(cursor), INTEGER));
    case '%':
      return cursor.text.charAt(cursor.at + 1) === '"' ? readDisplayString(skip(cursor, 2)) : undefined;
  }
  const token = take(cursor, TOKEN);
  if (token !== '') return { kind: 'token', value: token };
  return readNumber('decimal', take(cursor, DECIMAL)) ?? readNumber('integer', take(cursor, INTEGER));
}

const readBoolean = (text: string): BareItem | undefined =>
  text === '' ? undefined : { kind: 'boolean', value: text === '?1' };

/** Of a number that is too long, digits or a dot are left over; neither may follow an item, so parsing fails there. */
const readNumber = (kind: 'integer' | 'decimal' | 'date', digits: string): BareItem | undefined =>
  // Zero has no sign (§4.2.4); in JavaScript it may have one, and adding zero takes it away.
  digits === '' ? undefined : { kind, value: Number(digits) + 0 };

/** A loop, because a pattern that repeats an alternative needs a stack as deep as the text is long. */
function readString(cursor: Cursor): BareItem | undefined {
  const { text } = cursor;
  let end = cursor.at;
  for (let code = text.charCodeAt(end); code !== 0x22; code = text.charCodeAt(++end)) {
    // Beyond the end of the text is NaN, which is in no range.
    if (!(code >= 0x20 && code <= 0x7e)) return undefined;
    if (code === 0x5c && !/["\\]/.test(text.charAt(++end))) return undefined;
  }
  const value = text.slice(cursor.at, end).replace(/\\(.)/g, '$1');
  cursor.at = end + 1;
  return { kind: 'string', value };
}

/** Octets are two digits in lower case and UTF-8 together (§4.2.10), which decodeURIComponent insists on. */
function readDisplayString(cursor: Cursor): BareItem | undefined {
  const end = cursor.text.indexOf('"', cursor.at);
  if (end === -1) return undefined;
  const encoded = cursor.text.slice(cursor.at, end);
  cursor.at = end + 1;
  if (/[^ -~]|%(?![0-9a-f]{2})/.test(encoded)) return undefined;
  try {
    return { kind: 'display-string', value: decodeURIComponent(encoded) };
  } catch {
    return undefined;
  }
}

function readByteSequence(cursor: Cursor): BareItem | undefined {
  const end = cursor.text.indexOf(':', cursor.at);
  if (end === -1) return undefined;
  const value = decodeBase64(cursor.text.slice(cursor.at, end));
  cursor.at = end + 1;
  return value && { kind: 'byte-sequence', value };
}

/** RFC 4648 §4. */
export const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const SEXTETS = new Map([...BASE64].map((digit, sextet) => [digit, sextet]));

/** Padding may be absent and pad bits may be set, as parsers should allow (§4.2.7); padding that is there is right. */
function decodeBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const digits = text.length - padding;
  if (digits % 4 === 1 || (padding > 0 && text.length % 4 !== 0)) return undefined;
  const bytes = new Uint8Array(Math.floor((digits * 3) / 4));
  let bits = 0;
  for (let i = 0; i < digits; i++) {
    const sextet = SEXTETS.get(text.charAt(i));
    if (sextet === undefined) return undefined;
    bits = (bits << 6) | sextet;
    // Of every four digits, all but the first complete a byte; what is above it is dropped on the way in.
    if (i % 4 !== 0) bytes[Math.floor((i * 3) / 4)] = bits >> (6 - 2 * (i % 4));
  }
  return bytes;
}
