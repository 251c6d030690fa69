import type { Fields, Reads, ResolvedPolicy } from '@larder/core';
import type { Request } from 'express';
import { isAuthenticated } from './request-head.ts';
import { type Watch, type WatchRules, watch } from './watch.ts';

export interface FilledRequestParts {
  readonly req: Request;
  readonly policy: ResolvedPolicy<Request>;
  /** Of whom the request was when the cache was asked. */
  readonly partition: string | undefined;
}

/** The request that a response is being made for: what its handler reads, and what has become of it since the cache was asked. */
export class FilledRequest {
  readonly #parts: FilledRequestParts;
  readonly #method: string;
  readonly #watch: Watch;
  /** What the policy's own functions read is in the key by what they made of it. */
  readonly #covered: Reads;

  constructor(parts: FilledRequestParts, conditions: WatchRules['conditions']) {
    const { req, policy } = parts;
    this.#parts = parts;
    this.#method = req.method;
    const cookiesShown = typeof policy.cookies === 'string' ? undefined : policy.cookies;
    this.#watch = watch(req, { cookiesShown, conditions });
    this.#covered = this.#watch.readBy(() => {
      this.#partitionNow();
      attempt(() => policy.key?.(req));
    });
  }

  /** Its fields as the client sent them. */
  get asked(): Fields {
    return this.#watch.asked;
  }

  /** What the handler has read that neither `partition` nor `key` has. */
  get reads(): Reads {
    const { fields, cookies, others, wholesale } = this.#watch;
    return {
      fields: without(fields, this.#covered.fields),
      cookies: without(cookies, this.#covered.cookies),
      others: without(others, this.#covered.others),
      wholesale: wholesale && !this.#covered.wholesale,
    };
  }

  /** Runs what is not the handler: nothing is recorded, and the request is as the client sent it. */
  outside<T>(run: () => T): T {
    return this.#watch.outside(run);
  }

  restore(): void {
    this.#watch.restore();
  }

  /**
   * Why it is another request by now than the cache was asked for: middleware behind the cache may have found out
   * only then who is asking.
   */
  otherwise(): string | undefined {
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

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function without(names: ReadonlySet<string>, covered: ReadonlySet<string>): ReadonlySet<string> {
  return covered.size === 0 ? names : new Set([...names].filter((name) => !covered.has(name)));
}
