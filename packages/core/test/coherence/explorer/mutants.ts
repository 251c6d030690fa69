import type { Rule } from './rules.ts';
import type { SCENARIOS } from './scenarios.ts';

export interface Mutant {
  readonly fault: string;
  /** The rule that it leaves out. */
  readonly without: Rule;
  readonly in: keyof typeof SCENARIOS;
}

const mutant = (fault: string, without: Rule, where: Mutant['in']): Mutant => ({ fault, without, in: where });

/** Each rule of the protocol left out, in the smallest scenario that shows why it is one. */
export const MUTANTS: readonly Mutant[] = [
  mutant('the snapshot is taken after the handler', 'epochsAreReadBeforeTheHandler', 'stores'),
  mutant(
    'a store takes the epochs that are there when it lands',
    'entriesCarryTheEpochsReadBefore',
    'stores',
  ),
  mutant('an absent epoch counts as valid', 'absentEpochsAreInvalid', 'loss'),
  mutant('late tags do not read the log', 'lateTagsReadTheLog', 'late'),
  mutant('a gap in the log counts as untouched', 'gapsInTheLogCountAsInvalidations', 'late'),
  mutant('the invalidation comes before the commit', 'invalidationsFollowTheCommit', 'barrier'),
  mutant('the epoch is removed before the log is written', 'theLogIsWrittenBeforeEpochsGo', 'late'),
  mutant('what lies apart is not said again behind its epochs', 'theLogIsWrittenBehindEpochsApart', 'apart'),
  mutant('memory is kept until Redis acknowledges', 'processesForgetAtOnce', 'pending'),
  mutant('what is pending is read from Redis', 'answersAreRefusedWhilePending', 'pending'),
  mutant(
    'an answer from before the acknowledgement counts after it',
    'answersAskedForBeforeTheAckAreRefused',
    'pending',
  ),
  mutant('a server that forgot is not told again', 'replacedServersAreToldAgain', 'restart'),
  mutant('what is told again is left in memory', 'whatIsToldAgainIsForgotten', 'promoted'),
  mutant('a barrier counts from when it was sent', 'barriersCountFromTheAck', 'barrier'),
  mutant('softly invalidated counts as valid', 'softInvalidationsMakeStale', 'soft'),
  mutant('what a hard invalidation removed is served stale', 'hardInvalidationsMakeMisses', 'others'),
  mutant('memory is softened only before Redis is told', 'memoryIsSoftenedOnceMore', 'soft'),
  mutant(
    'a question from before a soft acknowledgement is joined after it',
    'questionsAreLeftOnceSoftened',
    'softQuestions',
  ),
  mutant('a fill that was softly invalidated is joined', 'softInvalidationsDetachFills', 'softSharing'),
  mutant('an invalidated fill is joined', 'fillsAreDetached', 'sharing'),
  mutant('a fill is joined however long ago it began', 'oldFillsAreCheckedByJoiners', 'othersSharing'),
  mutant('a question is joined however long ago it was asked', 'oldQuestionsAreNotJoined', 'unleased'),
  mutant('a fill is joined although its late tag was invalidated', 'lateTagsDetachOnceNamed', 'lateSharing'),
  mutant(
    'a fill whose late tag was invalidated is given to all who joined',
    'joinersOfLateTagsLookAgain',
    'lateSharing',
  ),
  mutant('a strict read has what was asked for before it', 'strictReadsAskForThemselves', 'strict'),
  mutant('a strict read is answered from memory', 'strictReadsPassMemory', 'strict'),
  mutant('an answer is promoted whatever was heard meanwhile', 'promotionsAreGuarded', 'stores'),
  mutant('a copy counts from when it arrived', 'copiesCountFromTheirSending', 'others'),
  mutant('a session needs no lease', 'copiesNeedALease', 'lease'),
  mutant('a lease counts from when the reply arrived', 'leasesCountFromTheSending', 'lease'),
  mutant('the log is read and not heeded', 'newsIsHandled', 'lease'),
  mutant('what others wrote is taken for its own', 'othersAreHeard', 'lease'),
  mutant('a look begins behind its position', 'looksBeginAtTheirPosition', 'forgetful'),
  mutant('a gap is taken for nothing new', 'gapsAreNoticed', 'full'),
  mutant('a session outlives a gap', 'gapsEndSessions', 'full'),
  mutant('a session begins before its position is known', 'sessionsBeginWithAPosition', 'forgetful'),
  mutant('a copy has the session of its arrival', 'sessionsCountFromTheSending', 'full'),
];
