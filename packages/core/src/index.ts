export type { Answer, Refresh } from './answer.ts';
export { type Asking, type Bypass, mustForward } from './bypass.ts';
export { Cache } from './cache.ts';
export type { CacheOptions } from './cache-options.ts';
export { type Clock, systemClock } from './clock.ts';
export { type ClientDirectives, resolveDirectives } from './directives.ts';
export type { Finding, Report, Severity, Sizing } from './doctor.ts';
export {
  type Entry,
  isRemoval,
  type Payload,
  type StoredResponse,
  type StoredValue,
  softened,
  type Variants,
} from './entry.ts';
export {
  invalidOptions,
  LarderError,
  type LarderErrorCode,
  type SkipReason,
  skipReason,
  storeFailed,
  storeSkipped,
} from './errors.ts';
export type {
  BreakerState,
  CacheEvent,
  Delivery,
  Observer,
  RemovalCause,
  StoreOperation,
  UnreadableReason,
} from './events.ts';
export { explain } from './explain.ts';
export type { Fill } from './fill.ts';
export { currentAge } from './http/age.ts';
export {
  type CacheStatus,
  type Forward,
  type ForwardStatus,
  formatCacheStatus,
  type HitStatus,
  STALE_IF_SLOW,
  type XCache,
  xCache,
} from './http/cache-status.ts';
export { type FieldLine, type Fields, fieldsOf, mergeLists, trimOws } from './http/fields.ts';
export { isSafe, type RequestHead, targetUri } from './http/message.ts';
export { byteranges, type Multipart } from './http/multipart.ts';
export { belongsOn304, isNotModified, PRECONDITION_FIELDS } from './http/precondition.ts';
export { answerRange, type ByteRange, contentRange, unsatisfiedRange } from './http/range.ts';
export { isReplayed } from './http/replayed.ts';
export { ttlOf } from './http/reuse.ts';
export { OWN_FIELD } from './http/targeted.ts';
export { type OutOfDate, originOf, outOfDate } from './http/unsafe.ts';
export type { Validators } from './http/validator.ts';
export { nominate } from './http/vary.ts';
export type { Invalidated, Invalidation, Matching, Sweeping, Swept } from './invalidator.ts';
export { type CacheKey, homeOf, isKeyText, responseKey } from './key.ts';
export { ENDINGS, type Ending, type Grant, type Hold, type Lock, type Taken, unsharedLock } from './lock.ts';
export type { Wanted } from './lookup.ts';
export { knownOptions, positive } from './options.ts';
export { edgesOf, patternTag, reachedBy } from './pattern.ts';
export type { Plan } from './plan.ts';
export { type Policy, type ResolvedPolicy, resolvePolicy } from './policy.ts';
export { MAX_RETENTION_SECONDS } from './policy-checks.ts';
export {
  type CacheControlDirectives,
  type CdnDirectives,
  type NoStore,
  type PrivateDirectives,
  presets,
  type SharedDirectives,
} from './presets.ts';
export { NOTHING_READ, type Reads } from './reads.ts';
export { Breaker, type BreakerContext, type BreakerSettings } from './store/breaker.ts';
export { aside } from './store/budget.ts';
export type {
  Coherence,
  CoherenceChoice,
  CoherenceOptions,
  Following,
  Heard,
  Lease,
} from './store/coherence.ts';
export type { Shared, SharedContext, SharedTier } from './store/compose.ts';
export { decodeFrame, encodeFrame, FRAME_VERSION, type Framed } from './store/frame.ts';
export { type MemoryOptions, memoryStore } from './store/memory.ts';
export { inTime } from './store/patience.ts';
export type { Reading, Snapshot, Store, Sweep, SweepProgress, Trust } from './store/store.ts';
export { withBody } from './stored.ts';
export type { HandlerHead } from './storing.ts';
export {
  groupTag,
  joinTags,
  keyTag,
  MAX_TAGS,
  NAMESPACE_TAG,
  partitionTag,
  recordTag,
  type Tag,
  uriTag,
  userTags,
  writeTag,
} from './tags.ts';
export type { LoadMany } from './values/many.ts';
export type { AheadOptions, ValueOptions } from './values/options.ts';
