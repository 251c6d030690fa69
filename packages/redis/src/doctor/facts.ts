import type { Complaint } from '../client.ts';
import type { Answer } from './answer.ts';
import type { OurKeys } from './our-keys.ts';

/** What the doctor is told of the cache whose Redis it examines. */
export interface About {
  readonly keyPrefix: string;
  /** All namespaces under the prefix when absent. */
  readonly namespace?: string;
  /** What is wrong with the options of a client that the app made; absent for a client of the cache's own. */
  readonly clientComplaints?: readonly Complaint[];
  /** Milliseconds until a call of the cache counts as failed. Default 50. */
  readonly deadlineMs?: number;
  /** Milliseconds that all calls of one request may take. Default 60. */
  readonly budgetMs?: number;
  /** How many of the cache's keys are looked at. Default 1000. */
  readonly sample?: number;
  now(): number;
}

/** All that is known of one node: what the checks judge by. */
export interface Facts {
  readonly limits: { readonly deadlineMs: number; readonly budgetMs: number };
  readonly keys: OurKeys;
  readonly line: Line;
  readonly roundTripsMs: Answer<readonly number[]>;
  readonly clock: Answer<ClockReading>;
  readonly info: Answer<Info>;
  readonly save: Answer<string>;
  readonly login: Answer<Login>;
  readonly slowCalls: Answer<readonly SlowCall[]>;
  readonly sample: Answer<Sample>;
  readonly ttls: Answer<readonly number[]>;
  readonly sizes: Answer<readonly Size[]>;
}

/** The way there, as the socket tells it. */
export interface Line {
  readonly address: string;
  readonly loopback: boolean;
  readonly encrypted: boolean;
  /** Asked through a client that knows all nodes of a Cluster. */
  readonly clustered: boolean;
}

/** Fields of INFO by their names. */
export type Info = ReadonlyMap<string, string>;

export interface ClockReading {
  /** The server's clock less ours. */
  readonly aheadMs: number;
  /** How far off that may be: half the round trip. */
  readonly withinMs: number;
}

export interface Login {
  readonly name: string;
  readonly passwordless: boolean;
  readonly anyCommand: boolean;
  readonly anyKey: boolean;
}

/** One line of the slow log, without its arguments. */
export interface SlowCall {
  readonly command: string;
  readonly ms: number;
  readonly ageSeconds: number;
  readonly ours: boolean;
}

export interface Sample {
  /** In the whole database. */
  readonly keys: number;
  /** How many of those were looked at. */
  readonly visited: number;
  /** Names of ours among them. */
  readonly ours: readonly string[];
}

export interface Size {
  readonly name: string;
  readonly bytes: number;
}
