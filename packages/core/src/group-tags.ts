import { type FieldLine, fieldsOf } from './http/fields.ts';
import type { RequestHead } from './http/message.ts';
import { groupsOf, originOf } from './http/unsafe.ts';
import { groupTag, isTag, type Tag, userTags } from './tags.ts';

/**
 * Tags of the groups that a response belongs to: each is one of its origin's (RFC 9875 §2), and of the whole
 * namespace's where a tag of that name is used.
 */
export function groupTags(request: RequestHead, lines: readonly FieldLine[]): Tag[] {
  const groups = groupsOf(fieldsOf(lines).get('cache-groups'));
  return groups.flatMap((group) => [
    groupTag(originOf(request), group),
    ...(isTag(group) ? userTags(group) : []),
  ]);
}
