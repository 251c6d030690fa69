/** Header fields as pure data (RFC 9110 §5). */

/** One field as it goes on the wire; an array stands for several field lines of one name. */
export type FieldLine = readonly [name: string, value: string | readonly string[]];

/** Combined field values by lower-case name (RFC 9110 §5.3); undefined when absent, '' when empty. */
export interface Fields {
  get(name: string): string | undefined;
}

export function fieldsOf(lines: readonly FieldLine[]): Fields {
  const combined = new Map<string, string>();
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    const text = typeof value === 'string' ? value : value.join(', ');
    const before = combined.get(key);
    combined.set(key, before === undefined ? text : `${before}, ${text}`);
  }
  return combined;
}

/** A comma-separated list of tokens, lower-cased, empty elements dropped (RFC 9110 §5.6.1). */
export function listOf(value: string | undefined): string[] {
  if (value === undefined) return [];
  const members: string[] = [];
  for (const member of value.split(',')) {
    const token = member.trim().toLowerCase();
    if (token !== '') members.push(token);
  }
  return members;
}

/** Without the white space that HTTP knows around it (RFC 9110 §5.6.3): JavaScript's own trim takes more. */
export function trimOws(text: string): string {
  let [from, to] = [0, text.length];
  while (from < to && isOws(text, from)) from += 1;
  while (to > from && isOws(text, to - 1)) to -= 1;
  return text.slice(from, to);
}

const isOws = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';

/** Field names a value was written for, united without repeats and in first-seen order. */
export function mergeLists(...values: (string | undefined)[]): string {
  const seen = new Map<string, string>();
  for (const value of values) {
    for (const member of value?.split(',') ?? []) {
      const name = member.trim();
      if (name !== '' && !seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name);
    }
  }
  return [...seen.values()].join(', ');
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 §5.6.2. */
export const isToken = (text: string): boolean => TOKEN.test(text);
