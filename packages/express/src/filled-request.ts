import {
  type Fields,
  type Fill,
  NOTHING_READ,
  type Reads,
  type RequestHead,
  type ResolvedPolicy,
} from '@larder/core';
import type { Request } from 'express';
import type { Live } from './ongoing.ts';
import { isAuthenticated } from './request-head.ts';
import { type Watch, type WatchRules, watch } from './watch.ts';

export interface FilledRequestParts {
  readonly req: Request;
  readonly policy: ResolvedPolicy<Request>;
  /** Of whom the request was when the cache was asked. */
  readonly partition: string | undefined;
  /** The request as the key was made from it. */
  readonly head: RequestHead;
  /** What was read behind a cache further out, which has handed the response over. */
  readonly readBefore: Reads;
  readonly live: Live | undefined;
}

/** The request that a response is being made for: what its handler reads, and what has become of it since the cache was asked. */
export class FilledRequest {
  readonly #parts: FilledRequestParts;
  readonly #method: string;
  readonly #watch: Watch;
  /** Of the request that this one stands for, where nobody sent it. */
  readonly #live: Watch | undefined;
  /** What the policy's own functions read is in the key by what they made of it. */
  readonly #covered: Reads;

  constructor(parts: FilledRequestParts, conditions: WatchRules['conditions']) {
    const { req, policy } = parts;
    this.#parts = parts;
    this.#method = req.method;
    const cookiesShown = typeof policy.cookies === 'string' ? undefined : policy.cookies;
    const unrecorded = policy.reads === 'trust';
    const rules = { cookiesShown, conditions, keyed: parts.head, unrecorded };
    this.#watch = watch(req, rules);
    this.#live = parts.live && watch(parts.live.req, { ...rules, here: parts.live.here });
    this.#covered = readByPolicy(this.#watch, policy, req);
  }

  /** Its fields as the client sent them. */
  get asked(): Fields {
    return this.#watch.asked;
  }

  /** What the handler has read that neither `partition` nor `key` has. */
  get reads(): Reads {
    const [read, covered] = [this.readSoFar, this.#covered];
    return {
      fields: without(read.fields, covered.fields),
      cookies: without(read.cookies, covered.cookies),
      others: without(read.others, covered.others),
      wholesale: read.wholesale && !covered.wholesale,
    };
  }

  /** What has been read, whatever covers it: another policy may not. */
  get readSoFar(): Reads {
    const before = bothOf(this.#parts.readBefore, this.#live ?? NOTHING_READ);
    return bothOf(this.#watch, before);
  }

  /** Runs what is not the handler: nothing is recorded, and the request is as the client sent it. */
  outside<T>(run: () => T): T {
    return this.#watch.outside(run);
  }

  restore(): void {
    this.#watch.restore();
    this.#live?.restore();
  }

  /** Keeps the response out where it is another request by now. */
  lookAgain(fill: Fill): void {
    const otherwise = this.#otherwise();
    if (otherwise !== undefined) fill.skip(otherwise);
  }

  /**
   * Why it is another request by now than the cache was asked for: middleware behind the cache may have found out
   * only then who is asking.
   */
  #otherwise(): string | undefined {
    const { req, policy, partition } = this.#parts;
    if (req.method !== this.#method) return 'method-override';
    return this.outside(() => {
      if (isAuthenticated(req) && !policy.credentialsCovered) return this.#identity();
      return this.#partitionNow() === partition ? undefined : 'partition';
    });
  }

  #identity(): string {
    const read = ['user', 'auth', 'session'].find((name) => this.#watch.others.has(name));
    return read === undefined ? 'user' : `unkeyed-${read}`;
  }

  /** A partition that cannot be told is none. */
  #partitionNow(): string | undefined {
    return attempt(() => this.#parts.policy.partition?.(this.#parts.req));
  }
}

/** What the policy's own functions read of a request: the key covers it by what they make of it. */
export const readByPolicy = (watched: Watch, policy: ResolvedPolicy<Request>, req: Request): Reads =>
  watched.readBy(() => {
    attempt(() => policy.partition?.(req));
    attempt(() => policy.key?.(req));
  });

export function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

const bothOf = (some: Reads, more: Reads): Reads => ({
  fields: union(some.fields, more.fields),
  cookies: union(some.cookies, more.cookies),
  others: union(some.others, more.others),
  wholesale: some.wholesale || more.wholesale,
});

const union = (some: ReadonlySet<string>, more: ReadonlySet<string>): ReadonlySet<string> =>
  more.size === 0 ? some : new Set([...some, ...more]);

function without(names: ReadonlySet<string>, covered: ReadonlySet<string>): ReadonlySet<string> {
  return covered.size === 0 ? names : new Set([...names].filter((name) => !covered.has(name)));
}
