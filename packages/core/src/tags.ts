import { invalidTag } from './errors.ts';

/**
 * Tags as the stores see them. The first letter keeps what users name apart from what the cache names
 * itself, so that no user text can forge a namespace or a URI:
 * `t:` a user's tag · `p:` a partition · `u:` a target URI · `w:` the writes to one · `g:` a group of one origin's responses (RFC 9875) · `k:` a value's key, `q:` with its partition ·
 * `n:` everything in the namespace ·
 * `r:` a record in the shared store, by its name there: copies of it are marked with it, and nothing is born with it ·
 * `*:` all that a pattern matches: it is invalidated, and nothing carries it.
 */
export type Tag = string;

/** Tags one entry may carry. */
export const MAX_TAGS = 64;
/** Characters in one tag. */
export const MAX_TAG_LENGTH = 512;

/** Born with every entry: invalidating it empties the namespace in one step. */
export const NAMESPACE_TAG: Tag = 'n:';

export const userTag = (name: string): Tag => `t:${name}`;
export const uriTag = (uri: string): Tag => `u:${uri}`;
/** Invalidated by every write to a URI but the one whose own response is stored under it. */
export const writeTag = (uri: string): Tag => `w:${uri}`;
/** An origin has no space in it, so that none can be taken for another's group. */
export const groupTag = (origin: string, group: string): Tag => `g:${origin} ${group}`;
export const keyTag = (key: string, partition?: string): Tag =>
  partition === undefined ? `k:${key}` : `q:${partition.length}:${partition}${key}`;
/** Heard of where a record of the shared store is changed there, by whomever. */
export const recordTag = (name: string): Tag => `r:${name}`;
export const partitionTag = (partition: string): Tag => `p:${partition}`;

export const isTag = (given: unknown): given is string =>
  typeof given === 'string' && given !== '' && given.length <= MAX_TAG_LENGTH;

/** @throws LarderError `LARDER_INVALID_TAG` */
export function userTags(given: unknown): Tag[] {
  const list = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(list)) throw invalidTag(given, 'give a string or an array of strings');
  const tags = [...new Set(list)].map((tag) => {
    if (!isTag(tag)) {
      throw invalidTag(tag, `give a non-empty string of at most ${MAX_TAG_LENGTH} characters`);
    }
    return userTag(tag);
  });
  if (tags.length > MAX_TAGS) {
    throw invalidTag(tags.length, `at most ${MAX_TAGS}; use a coarser tag for the group`);
  }
  return tags;
}

/** Tags of a whole, each once; the entry's own are first because they are read most. */
export const joinTags = (...groups: readonly (readonly Tag[])[]): Tag[] => [...new Set(groups.flat())];
