export { type ManualClock, manualClock } from './clock.ts';
export { bodyOf, type EntryParts, entryOf } from './entries.ts';
export { type FailingStore, failingStore } from './failing-store.ts';
export { type LockAt, lockContract, type OpenLock } from './lock-contract.ts';
export { type RecordingObserver, recordingObserver } from './observer.ts';
export { sharedLock } from './shared-lock.ts';
export { type OpenStore, sharedStoreContract, storeContract } from './store-contract.ts';
export { sweepContract } from './sweep-contract.ts';
