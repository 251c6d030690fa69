import { invalidOptions } from './errors.ts';
import type { Tag } from './tags.ts';

/**
 * Tags by a pattern, written as a tag itself, so that it goes wherever tags go: `*:` the length of a literal beginning,
 * a colon, that beginning, and a glob for the rest. In a glob `*` stands for any text, `?` for one character, and `\`
 * makes the next character stand for itself.
 */
const KIND = '*:';

/** Characters in a glob. */
const MAX_LENGTH = 1024;

const ANY = Symbol('any text');
const ONE = Symbol('one character');
type Token = string | typeof ANY | typeof ONE;

interface Pattern {
  readonly start: Tag;
  readonly tokens: readonly Token[];
}

export const isPattern = (tag: Tag): boolean => tag.startsWith(KIND);

/**
 * Tags that begin so, and go on as the glob says.
 * @throws LarderError `LARDER_INVALID_OPTIONS`
 */
export function patternTag(start: Tag, glob: unknown): Tag {
  if (typeof glob !== 'string' || glob === '' || glob.length > MAX_LENGTH || !glob.isWellFormed())
    throw invalidOptions('pattern', glob, `give a text of 1 to ${MAX_LENGTH} characters, like product:*`);
  if (tokensOf(glob) === undefined)
    throw invalidOptions('pattern', glob, 'write \\\\ for a backslash at its end');
  return `${KIND}${start.length}:${start}${glob}`;
}

/** Whether a tag is one of these, or is matched by a pattern among these. */
export function reachedBy(tags: readonly Tag[]): (tag: Tag) => boolean {
  const exact = new Set(tags);
  const patterns = tags.filter(isPattern).map(patternOf);
  if (patterns.length === 0) return (tag) => exact.has(tag);
  return (tag) => exact.has(tag) || patterns.some((pattern) => matches(pattern, tag));
}

/** What all that a pattern matches begins with, and ends with; `whole` where there is nothing in between. */
export function edgesOf(pattern: Tag): {
  readonly head: string;
  readonly tail: string;
  readonly whole: boolean;
} {
  const { start, tokens } = patternOf(pattern);
  const isLiteral = (token: Token) => typeof token === 'string';
  const first = tokens.findIndex((token) => !isLiteral(token));
  if (first === -1) return { head: start + tokens.join(''), tail: '', whole: true };
  const last = tokens.findLastIndex((token) => !isLiteral(token));
  return {
    head: start + tokens.slice(0, first).join(''),
    tail: tokens.slice(last + 1).join(''),
    whole: false,
  };
}

function patternOf(tag: Tag): Pattern {
  const colon = tag.indexOf(':', KIND.length);
  const end = colon + 1 + Number(tag.slice(KIND.length, colon));
  // What another version has written is rather everything than nothing.
  if (!(end > 0)) return { start: '', tokens: [ANY] };
  return { start: tag.slice(colon + 1, end), tokens: tokensOf(tag.slice(end)) ?? [ANY] };
}

/** Undefined where the last backslash has nothing behind it. */
function tokensOf(glob: string): Token[] | undefined {
  const tokens: Token[] = [];
  const characters = [...glob];
  for (let i = 0; i < characters.length; i += 1) {
    const character = characters[i]!;
    if (character === '*') tokens.push(ANY);
    else if (character === '?') tokens.push(ONE);
    else if (character !== '\\') tokens.push(character);
    else if (i + 1 === characters.length) return undefined;
    else tokens.push(characters[++i]!);
  }
  return tokens;
}

/** In steps of at most the product of both lengths, however many wildcards there are. */
function matches({ start, tokens }: Pattern, tag: Tag): boolean {
  if (!tag.startsWith(start)) return false;
  const text = [...tag.slice(start.length)];
  let [at, token] = [0, 0];
  // Where the last `*` was, and how far the text had been read then: more of it may be the star's.
  let star: { token: number; at: number } | undefined;
  while (at < text.length) {
    const wanted = tokens[token];
    if (wanted === ANY) {
      star = { token, at };
      token += 1;
    } else if (wanted === ONE || wanted === text[at]) {
      at += 1;
      token += 1;
    } else if (star !== undefined) {
      star.at += 1;
      at = star.at;
      token = star.token + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === ANY);
}
