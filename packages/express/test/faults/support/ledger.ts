import type { BreakerState, CacheEvent, SkipReason, StoreOperation } from '@larder/core';

export interface Told<State> {
  readonly node: string;
  readonly state: State;
}

/** `get ok`, `set failed`, `lock open`: an operation, and what came of it, or why it was not begun. */
export type Outcome = `${StoreOperation} ${'ok' | 'failed' | SkipReason}`;

/** What a cache tells its observer, in a form that another process can be told. */
export class Ledger {
  readonly #breakers: Told<BreakerState>[] = [];
  readonly #connections: Told<'ready' | 'lost'>[] = [];
  readonly #outcomes: Partial<Record<Outcome, number>> = {};
  readonly #errors = new Set<string>();
  readonly #switched: boolean[] = [];
  #pending = 0;
  #leased = false;
  #memory = { bytes: 0, mostBytes: 0 };
  #longestSeconds = 0;

  readonly observe = (event: CacheEvent): void => {
    switch (event.type) {
      case 'breaker':
        this.#breakers.push({ node: event.node, state: event.state });
        break;
      case 'connection':
        this.#connections.push({ node: event.node, state: event.state });
        break;
      case 'store-call':
        this.#count(`${event.operation} ${event.error === undefined ? 'ok' : 'failed'}`);
        this.#longestSeconds = Math.max(this.#longestSeconds, event.seconds);
        if (event.error !== undefined) this.#errors.add(textOf(event.error));
        break;
      case 'store-skip':
        this.#count(`${event.operation} ${event.why}`);
        break;
      case 'pending':
        this.#pending = event.tags;
        break;
      case 'lease':
        this.#leased = event.state === 'held';
        break;
      case 'switch':
        this.#switched.push(event.on);
        break;
      case 'store':
        this.#held(event.tier, event.bytes);
        break;
      case 'remove':
        this.#held(event.tier, -event.bytes);
        break;
      case 'error':
        this.#errors.add(`${event.doing}: ${textOf(event.error)}`);
    }
  };

  told() {
    return {
      breakers: this.#breakers,
      connections: this.#connections,
      outcomes: this.#outcomes,
      errors: [...this.#errors],
      /** Tags that Redis has not been told of. */
      pending: this.#pending,
      /** It follows what others invalidate. */
      leased: this.#leased,
      /** Off and on, by its app or another process. */
      switched: this.#switched,
      /** Of the entries in memory. */
      memory: this.#memory,
      /** Of a call that somebody waited for. */
      longestSeconds: this.#longestSeconds,
    };
  }

  #held(tier: string, more: number): void {
    if (tier !== 'memory') return;
    const bytes = this.#memory.bytes + more;
    this.#memory = { bytes, mostBytes: Math.max(this.#memory.mostBytes, bytes) };
  }

  #count(outcome: Outcome): void {
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
  }
}

/** With what a server has said itself. */
const textOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? `${error}: ${error.cause}` : String(error);
