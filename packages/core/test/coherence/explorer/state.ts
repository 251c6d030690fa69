import type { Rules } from './rules.ts';

/** T is known before the handler runs, L is named by it, N is the namespace. */
export type Tag = 'T' | 'L' | 'N';
export const TAGS: readonly Tag[] = ['T', 'L', 'N'];

/** `hard/soft`, two names that nothing else has; empty where there is none. */
export type Epoch = string;
export type Epochs = Readonly<Record<Tag, Epoch>>;
export const NO_EPOCHS: Epochs = { T: '', L: '', N: '' };

/** A response: the version of the row that its handler read, and the epochs it was made with. */
export interface Response {
  readonly version: number;
  readonly epochs: Epochs;
}

export interface LogEntry {
  readonly id: string;
  readonly tags: Tag | '';
  readonly soft: boolean;
  /** The process that wrote it: it knows. */
  readonly by: number;
}

/** What a server keeps. */
export interface Data {
  readonly entry: Response | null;
  readonly epochs: Epochs;
  readonly log: readonly LogEntry[] | null;
}

export interface Redis extends Data {
  /** Stores that were sent: each may be applied at any time, whether somebody waits for it or not. */
  readonly wire: readonly Response[];
  /** Names given out, so that the next one is new. */
  readonly minted: number;
  /** What a restart brings back. */
  readonly saved: Data | null;
}

/** What a read may not be older than, decided when it begins. */
export interface Reader {
  readonly floor: number;
  /** The same for what is given as fresh. */
  readonly freshFloor: number;
  readonly strict: boolean;
  readonly joined: boolean;
  /** Has what it waited for checked at Redis. */
  readonly checks: boolean;
}

/**
 * One question of a process, and who waits for its answer.
 * asked → answered → opening → opened → read, and with a late tag → named → late → logged.
 */
export interface Flight {
  readonly stage:
    | 'asked'
    | 'answered'
    | 'handling'
    | 'opening'
    | 'opened'
    | 'read'
    | 'named'
    | 'late'
    | 'logged';
  readonly readers: readonly Reader[];
  /** Nobody joins it any more. */
  readonly left: boolean;
  /** Ticks until Δ after its request was sent. */
  readonly until: number;
  /** Its request was sent in the session that is still on. */
  readonly current: boolean;
  /** Tags that this process invalidated, or heard of, since its request was sent. */
  readonly touched: string;
  /** The same for soft invalidations. */
  readonly softened: string;
  /** Tags whose invalidation was acknowledged since. */
  readonly refused: string;
  /** What it carries there to be confirmed, then what it brings back. */
  readonly response: Response | null;
  readonly stale: boolean;
  /** In the log, before the handler. */
  readonly position: string;
  readonly untouched: boolean;
}

export interface Copy extends Response {
  readonly until: number;
  readonly current: boolean;
  readonly stale: boolean;
  /** It came from Redis, with the epochs that it can be confirmed by. */
  readonly read: boolean;
}

/** news → told, and where that cannot tell, or nothing is known of the log → places → placed. */
export interface Look {
  readonly stage: 'news' | 'told' | 'places' | 'placed';
  /** What is left of Δ since it was sent. */
  readonly until: number;
  /** What Redis has answered; null where the log cannot tell. */
  readonly news: readonly LogEntry[] | null;
  readonly position: string;
}

export interface Process {
  /** `behind`: another server has the place of its own, which it has not noticed. */
  readonly link: 'up' | 'down' | 'behind';
  /** Up to where it has read the log; empty outside of sessions. */
  readonly position: string;
  readonly lease: number;
  readonly look: Look | null;
  readonly copy: Copy | null;
  readonly flights: readonly Flight[];
}

export interface Writer {
  readonly stage: 'idle' | 'committed' | 'sent' | 'applied' | 'waiting' | 'acked';
  /** Of its steps at Redis, those that are done. */
  readonly steps: number;
  /** The row when it was called. */
  readonly floor: number;
  /** Its promise has said `pending` or `done`. */
  readonly resolved: boolean;
  /** Acknowledged, and not lost since. */
  readonly known: boolean;
  /** Ticks until no other process may serve what is older. */
  readonly owed: number;
  readonly barrier: number;
}

export interface State {
  readonly row: number;
  readonly redis: Redis;
  readonly processes: readonly Process[];
  readonly writers: readonly Writer[];
  /** How often each fault may still happen. */
  readonly left: Readonly<Record<Fault, number>>;
}

export type Fault = 'pending' | 'resend' | 'loss' | 'trim' | 'save' | 'restart';

export interface WriterSpec {
  readonly by: number;
  readonly tag: Tag;
  readonly soft?: boolean;
  readonly barrier?: boolean;
  /** Its epochs lie elsewhere than its log, as in a Cluster: what is one script otherwise is three steps. */
  readonly apart?: boolean;
  /** Redis is full: it cannot be told anything, and still forgets. */
  readonly full?: boolean;
  /** An operator's FLUSHALL, which tells nobody. */
  readonly flush?: boolean;
}

/** A world small enough to be searched to its end. */
export interface Scenario {
  readonly name: string;
  /**
   * Δ in ticks. Every time in a state is a number of ticks left, so that there are finitely many states without an end of
   * time.
   */
  readonly delta: number;
  readonly processes: number;
  /** Reads at the same time, by process; each begins again once it has ended. */
  readonly readers?: readonly number[];
  readonly strictReaders?: readonly number[];
  readonly writers: readonly WriterSpec[];
  readonly late?: boolean;
  /** Processes that follow the log. */
  readonly following?: readonly number[];
  readonly faults?: Partial<Record<Fault, number>>;
  /** Connections outlast a restart, as they do where a replica has the place of its primary. */
  readonly promoted?: boolean;
  /** Version 0 is in Redis, and in the memory of these processes. */
  readonly warm?: readonly number[];
  /** A read that finds nothing ends: what is made anew is no part of this. */
  readonly onlyLooks?: boolean;
  /** Stores under way at the same time. */
  readonly wire?: number;
}

/** What a step is taken with. */
export interface World {
  readonly rules: Rules;
  readonly scenario: Scenario;
}

export interface Step {
  readonly does: string;
  readonly state: State;
  /** Why the promise is broken by it. */
  readonly violation?: string | undefined;
}
