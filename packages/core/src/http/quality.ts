/** Lists whose members have weights: Accept and its kin (RFC 9110 §12.4.2). */

export interface Weighted {
  /** The member before its parameters. */
  readonly name: string;
  /** The whole member, written as every member that says the same is written. */
  readonly text: string;
  readonly weight: number;
}

/**
 * Members in the order they came in. Total and linear; undefined for a quoted string that does not end (§5.6.4),
 * after which nobody can say where a member does.
 */
export function parseWeighted(value: string): Weighted[] | undefined {
  return split(value)
    ?.map(weigh)
    .filter(({ text }) => text !== '');
}

/**
 * One text for all lists of the same members, by descending weight: a preference is a weight (§12.4.2), and order
 * is not one to be relied on (§12.5.4). What cannot be read is left as it came.
 */
export function canonicalWeighted(value: string): string {
  const members = parseWeighted(value);
  if (members === undefined) return value;
  const distinct = [...new Map(members.map((member) => [member.text, member])).values()];
  return distinct
    .sort((a, b) => b.weight - a.weight || (a.text < b.text ? -1 : 1))
    .map(({ text }) => text)
    .join(',');
}

/** Without more than three decimals, as §12.4.2 has it. */
const QVALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * A malformed weight, or one of several, counts as 0, for what a client may not have asked for is not to be
 * relied on. It keeps its text, so that no well-formed member is taken for it.
 */
function weigh([name, ...parts]: readonly [string, ...string[]]): Weighted {
  // Empty parameters are allowed and mean nothing (§5.6.6).
  const parameters = parts.filter((part) => part !== '');
  const stated = parameters.filter(isWeight);
  if (stated.length === 0) return { name, text: [name, ...parameters].join(';'), weight: 1 };
  const qvalue = stated[0]!.slice(2);
  if (stated.length > 1 || !QVALUE.test(qvalue))
    return { name, text: [name, ...parameters].join(';'), weight: 0 };
  const weight = Number(qvalue);
  // Left where it is: recipients differ about parameters behind it (§12.5.1, and RFC 7231 §5.3.2 before it).
  const at = parameters.indexOf(stated[0]!);
  const implied = weight === 1 && at === parameters.length - 1;
  parameters.splice(at, 1, ...(implied ? [] : [`q=${weight}`]));
  return { name, text: [name, ...parameters].join(';'), weight };
}

const isWeight = (parameter: string): boolean => parameter.split('=', 1)[0]!.trim() === 'q';

/** Members, each as its name and parameters; in lower case but for quoted strings, whose case may count (§8.3.1). */
function split(value: string): [string, ...string[]][] | undefined {
  const members: [string, ...string[]][] = [['']];
  // No pattern here repeats anything: on long values that costs the square of the length, or the stack.
  const delimiter = /[",;]/g;
  let part = '';
  let at = 0;
  const endPart = () => {
    const member = members.at(-1)!;
    member[member.length - 1] = part.trim();
    part = '';
  };
  for (let found = delimiter.exec(value); found !== null; found = delimiter.exec(value)) {
    part += value.slice(at, found.index).toLowerCase();
    at = found.index + 1;
    if (found[0] === '"') {
      at = afterQuoted(value, at);
      if (at === -1) return undefined;
      part += value.slice(found.index, at);
      delimiter.lastIndex = at;
      continue;
    }
    endPart();
    if (found[0] === ',') members.push(['']);
    else members.at(-1)!.push('');
  }
  part += value.slice(at).toLowerCase();
  endPart();
  return members;
}

/** Where a quoted string is over that began before `at`; -1 when it never is. */
function afterQuoted(value: string, at: number): number {
  const special = /["\\]/g;
  special.lastIndex = at;
  for (let found = special.exec(value); found !== null; found = special.exec(value)) {
    if (found[0] === '"') return special.lastIndex;
    special.lastIndex += 1;
  }
  return -1;
}
