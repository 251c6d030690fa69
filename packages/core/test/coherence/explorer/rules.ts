/**
 * The protocol, as the sentences it consists of. The steps ask for each of them where it matters, so that a mutant is the
 * protocol without one of its rules.
 */
export const PROTOCOL = {
  // Fills and entries.
  epochsAreReadBeforeTheHandler: true,
  entriesCarryTheEpochsReadBefore: true,
  absentEpochsAreInvalid: true,
  lateTagsReadTheLog: true,
  gapsInTheLogCountAsInvalidations: true,
  // Invalidations.
  invalidationsFollowTheCommit: true,
  theLogIsWrittenBeforeEpochsGo: true,
  theLogIsWrittenBehindEpochsApart: true,
  processesForgetAtOnce: true,
  answersAreRefusedWhilePending: true,
  answersAskedForBeforeTheAckAreRefused: true,
  replacedServersAreToldAgain: true,
  whatIsToldAgainIsForgotten: true,
  barriersCountFromTheAck: true,
  // Soft ones.
  softInvalidationsMakeStale: true,
  hardInvalidationsMakeMisses: true,
  memoryIsSoftenedOnceMore: true,
  questionsAreLeftOnceSoftened: true,
  softInvalidationsDetachFills: true,
  // Who shares what.
  fillsAreDetached: true,
  lateTagsDetachOnceNamed: true,
  oldFillsAreCheckedByJoiners: true,
  oldQuestionsAreNotJoined: true,
  joinersOfLateTagsLookAgain: true,
  strictReadsAskForThemselves: true,
  strictReadsPassMemory: true,
  // Memory.
  promotionsAreGuarded: true,
  copiesCountFromTheirSending: true,
  copiesNeedALease: true,
  // The log, as processes follow it.
  leasesCountFromTheSending: true,
  newsIsHandled: true,
  othersAreHeard: true,
  looksBeginAtTheirPosition: true,
  gapsAreNoticed: true,
  gapsEndSessions: true,
  sessionsBeginWithAPosition: true,
  sessionsCountFromTheSending: true,
};

export type Rules = Record<keyof typeof PROTOCOL, boolean>;
export type Rule = keyof Rules;

export const without = (rule: Rule): Rules => ({ ...PROTOCOL, [rule]: false });
