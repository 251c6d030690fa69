import type { Cache, CacheStatus } from '@larder/core';

/** One request under one policy: however it ends, exactly one CacheStatus is told of it. */
export class Visit {
  readonly #cache: Cache;
  readonly #method: string;
  readonly #beganMs: number;
  #told = false;
  /** Nobody asked: there is no request to tell of. */
  readonly isUnseen: boolean;

  constructor(cache: Cache, method: string, isUnseen = false) {
    this.#cache = cache;
    this.#method = method;
    this.#beganMs = cache.clock.monotonicMs();
    this.isUnseen = isUnseen;
    this.#told = isUnseen;
  }

  static unseen(cache: Cache): Visit {
    return new Visit(cache, 'GET', true);
  }

  /** Another policy, nearer to the handler, has taken the request over and tells of it. */
  handOver(): void {
    this.#told = true;
  }

  tell(status: CacheStatus, route: string): void {
    if (this.#told) return;
    this.#told = true;
    const { namespace, clock, observe } = this.#cache;
    const seconds = (clock.monotonicMs() - this.#beganMs) / 1000;
    observe({ type: 'request', namespace, method: this.#method, route, status, seconds });
  }
}
