export { type ManualClock, manualClock } from './clock.ts';
export { type FailingStore, failingStore } from './failing-store.ts';
export { type RecordingObserver, recordingObserver } from './observer.ts';
export { type OpenStore, sharedStoreContract, storeContract } from './store-contract.ts';
