import { BASE64, type BareItem, type Dictionary, type Item, type List, type Member } from './structured.ts';

/**
 * Structured field values (RFC 9651 §4.1), written in the canonical form. Total as their parsers are: what
 * cannot be said (a number out of range, a key in upper case, a string outside ASCII) makes the whole undefined.
 */

export const formatItem = (item: Item): string | undefined =>
  joined([formatBareItem(item), formatParameters(item)], '');

/** '' for an empty list, which is said by not sending the field (§4.1). */
export const formatList = (list: List): string | undefined => joined(list.map(formatMember), ', ');

/** '' for an empty dictionary, which is said by not sending the field (§4.1). */
export function formatDictionary(dictionary: Dictionary): string | undefined {
  const members = [...dictionary].map(([key, member]) => {
    return joined(
      [formatKey(key), isTrue(member) ? formatParameters(member) : assigned(formatMember(member))],
      '',
    );
  });
  return joined(members, ', ');
}

function joined(parts: readonly (string | undefined)[], separator: string): string | undefined {
  return parts.includes(undefined) ? undefined : parts.join(separator);
}

/** True is said by the key alone (§4.1.1.2, §4.1.2). */
const isTrue = (value: BareItem | Member): boolean => value.kind === 'boolean' && value.value;

const assigned = (value: string | undefined): string | undefined => value && `=${value}`;

function formatMember(member: Member): string | undefined {
  if (member.kind !== 'inner-list') return formatItem(member);
  const items = joined(member.items.map(formatItem), ' ');
  return joined(['(', items, ')', formatParameters(member)], '');
}

function formatParameters({ parameters }: Member): string | undefined {
  const formatted = [...parameters].map(([name, value]) => {
    return joined([';', formatKey(name), isTrue(value) ? '' : assigned(formatBareItem(value))], '');
  });
  return joined(formatted, '');
}

const KEY = /^[a-z*][a-z0-9_.*-]*$/;
const TOKEN = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;

const formatKey = (key: string): string | undefined => (KEY.test(key) ? key : undefined);

function formatBareItem(item: BareItem): string | undefined {
  switch (item.kind) {
    case 'integer':
      return formatInteger(item.value);
    case 'decimal':
      return formatDecimal(item.value);
    case 'date': {
      const seconds = formatInteger(item.value);
      return seconds && `@${seconds}`;
    }
    case 'string':
      return /[^ -~]/.test(item.value) ? undefined : `"${item.value.replace(/["\\]/g, '\\$&')}"`;
    case 'token':
      return TOKEN.test(item.value) ? item.value : undefined;
    case 'display-string':
      return formatDisplayString(item.value);
    case 'byte-sequence':
      return `:${encodeBase64(item.value)}:`;
    case 'boolean':
      return item.value ? '?1' : '?0';
  }
}

/** The numbers that any implementation can hold (§3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

function formatInteger(value: number): string | undefined {
  return Number.isInteger(value) && Math.abs(value) <= MAX_INTEGER ? String(value) : undefined;
}

/**
 * Rounded to three places, ties to even (§4.1.5). Of the digits that the number is written with and not of its
 * binary fraction: 0.0025 is a tie, though the nearest double is a little more.
 */
function formatDecimal(value: number): string | undefined {
  const size = Math.abs(value);
  if (!(size <= MAX_INTEGER)) return undefined;
  // Below this the digits come with an exponent, and nothing is left of them.
  const [whole = '', fraction = ''] = size < 1e-6 ? ['0'] : String(size).split('.');
  const kept = Number(whole + fraction.slice(0, 3).padEnd(3, '0'));
  const rest = fraction.slice(3);
  const thousandths = kept + (rest > '5' || (rest === '5' && kept % 2 === 1) ? 1 : 0);
  if (thousandths > MAX_INTEGER) return undefined;
  const digits = String(thousandths).padStart(4, '0');
  const sign = value < 0 && thousandths > 0 ? '-' : '';
  return `${sign}${digits.slice(0, -3)}.${digits.slice(-3).replace(/0{1,2}$/, '')}`;
}

function formatDisplayString(value: string): string | undefined {
  if (!value.isWellFormed()) return undefined;
  const encoded = value.replace(/[^ !#$&-~]/gu, (character) => encodeURIComponent(character).toLowerCase());
  return `%"${encoded}"`;
}

/** Padded (RFC 4648 §3.2), with pad bits of zero (§3.5). */
function encodeBase64(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => BASE64.charAt((bits >> shift) & 63)).join('');
    const held = Math.min(bytes.length - i, 3) + 1;
    groups.push(digits.slice(0, held).padEnd(4, '='));
  }
  return groups.join('');
}
