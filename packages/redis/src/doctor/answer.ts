/** What Redis told, or that it would not, and the right (as ACL rules) that it would take. */
export type Answer<T> = { readonly told: T } | Refusal;

export interface Refusal {
  readonly refused: string;
  readonly right: string;
}

/**
 * A refusal is an answer: this user may not ask, or this server knows no such command. A connection that
 * breaks, or stays silent, is none, and is thrown.
 */
export async function ask<T>(right: string, question: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { told: await question() };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { refused: firstLine(error.message), right };
  }
}

/** Asks on with what was told; without that there is nothing to ask. */
export const askOn = async <T, U>(
  before: Answer<T>,
  right: string,
  question: (told: T) => Promise<U>,
): Promise<Answer<U>> => ('refused' in before ? before : ask(right, () => question(before.told)));

/** By name and not by class: the client may have been made by another copy of ioredis. */
export const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'ReplyError';

export const firstLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 160).replace(/\.$/, '');
