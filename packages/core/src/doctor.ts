/** How much a finding matters: nothing to do; to know; to mend soon; the cache harms or does not work. */
export type Severity = 'ok' | 'notice' | 'warning' | 'critical';

/** What one check has found. */
export interface Finding {
  /** Stable name of the check, for scripts: `eviction-policy`. */
  readonly check: string;
  readonly severity: Severity;
  /** Of several nodes, the one it is about. */
  readonly node?: string;
  /** One plain sentence, with the figures it rests on. */
  readonly says: string;
  /** What to do about it; absent where nothing is to be done. */
  readonly fix?: string;
}

/** What the cache would need if all of its hot keys were held, estimated from a sample. */
export interface Sizing {
  readonly sampledEntries: number;
  readonly averageBytes: number;
  readonly entries: number;
  /** Bytes in the server for each byte of ours. */
  readonly overhead: number;
  readonly neededBytes: number;
}

/** What `doctor` found. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly sizing?: Sizing;
}
