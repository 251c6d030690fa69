/** What servers answer when they refuse, told apart by its first word. */

/** The server cannot be used for now: asking again and again helps nobody. */
const OUTAGE = new Set(['LOADING', 'BUSY', 'MASTERDOWN', 'CLUSTERDOWN', 'TRYAGAIN']);

/** Credentials or rights are wrong: nothing mends that but somebody who is told. */
const DENIED = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM']);
/** How a right is said to be missing for a command inside a script, which has no word of its own: before 7.2, and since. */
const DENIED_INSIDE = /The user executing the script|ACL failure in script/;
/** Before Redis 7 the place in a script comes ahead of the word with which a command there was refused. */
const PLACE_IN_SCRIPT = /^.*@user_script: ?\d+: -?/;

/** An error that the server answered with: it lives, and did what it was asked to the extent that it says. */
const isReply = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';

const firstWord = ({ message }: Error): string => message.replace(PLACE_IN_SCRIPT, '').split(' ', 1)[0]!;

/** Everything that is no answer, and of the answers those that say "not now" or "not you". */
export const isOutage = (error: unknown): boolean =>
  !isReply(error) || OUTAGE.has(firstWord(error)) || isDenied(error);

export const isDenied = (error: unknown): error is Error =>
  isReply(error) && (DENIED.has(firstWord(error)) || DENIED_INSIDE.test(error.message));

/** A key of ours holds another type than ours: it reads as absent, and is overwritten. */
export const isWrongType = (error: unknown): boolean => isReply(error) && firstWord(error) === 'WRONGTYPE';

/** A primary that has become a replica: whoever is connected to it is at the wrong place. */
export const isReadOnly = (error: Error): boolean => firstWord(error) === 'READONLY';
