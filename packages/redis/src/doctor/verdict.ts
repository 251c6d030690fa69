import type { Finding } from '@larder/core';
import type { Answer } from './answer.ts';
import type { Facts } from './facts.ts';

/** What a check makes of the facts: a finding that has no name yet. */
export type Verdict = Pick<Finding, 'severity' | 'says' | 'fix'>;

export type Check = (facts: Facts) => Verdict;

export const ok = (says: string): Verdict => ({ severity: 'ok', says });
export const notice = (says: string, fix?: string): Verdict => ({ severity: 'notice', says, fix });
export const warning = (says: string, fix: string): Verdict => ({ severity: 'warning', says, fix });
export const critical = (says: string, fix: string): Verdict => ({ severity: 'critical', says, fix });

/** Judges what was told; of what was refused there is only that to say. */
export const judge = <T>(answer: Answer<T>, verdict: (told: T) => Verdict): Verdict =>
  'told' in answer
    ? verdict(answer.told)
    : notice(
        `Not checked, Redis refuses to tell: ${answer.refused}.`,
        `Allow it to the user who asks (${answer.right}), or look where this Redis is managed.`,
      );

/** A check by fields of INFO, as texts. A server that does not tell one of them leaves nothing to judge. */
export const byTexts =
  <const Field extends string>(
    fields: readonly Field[],
    verdict: (info: Readonly<Record<Field, string>>, facts: Facts) => Verdict,
  ): Check =>
  (facts) =>
    judge(facts.info, (info) => {
      const missing = fields.filter((field) => !info.has(field));
      if (missing.length > 0) return notice(`Not checked: INFO of this server has no ${missing.join(', ')}.`);
      const told = fields.map((field) => [field, info.get(field)!]);
      return verdict(Object.fromEntries(told) as Record<Field, string>, facts);
    });

/** A check by fields of INFO, as numbers. */
export const byNumbers = <const Field extends string>(
  fields: readonly Field[],
  verdict: (info: Readonly<Record<Field, number>>, facts: Facts) => Verdict,
): Check =>
  byTexts(fields, (texts, facts) => {
    const numbers = fields.map((field) => [field, Number(texts[field])]);
    return verdict(Object.fromEntries(numbers) as Record<Field, number>, facts);
  });
