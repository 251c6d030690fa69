import type { XCache } from '@larder/core';
import { microseconds } from '../faults/lifecycle/history.ts';
import { check, type Findings, type How, type Read, together, type Write } from './check.ts';
import type { Word } from './words.ts';

type Draft = { -readonly [K in keyof Write]: Write[K] };

/** Everything that was asked and written, and what is found of it. */
export class Journal {
  /** What happens at the moment. */
  during = 'nothing';
  /** Requests that came to nothing, as those do whose process is killed. */
  cut = 0;
  /** Answers that nobody should get. */
  readonly failures: string[] = [];
  readonly #writes = new Map<string, Draft>();
  readonly #pending = new Map<string, Draft[]>();
  readonly #asked = new Map<string, number>();
  readonly #hits = new Map<string, number>();
  #reads: Read[] = [];
  #found: Findings = check([], []);

  /** Gives what is to be told of its answer. */
  read(read: Pick<Read, 'process' | 'item' | 'strict'>): (version: number, x: string) => void {
    const { during } = this;
    const start = microseconds();
    return (version, x) => {
      this.#reads.push({ ...read, start, end: microseconds(), version, x: x as XCache, during });
      this.#asked.set(read.process, start);
      if (x === 'HIT') this.#hits.set(read.process, start);
    };
  }

  write(process: string, item: number, how: How): string {
    const id = String(this.#writes.size);
    this.#writes.set(id, { process, item, how, start: microseconds() });
    return id;
  }

  acknowledged(id: string, version: number): void {
    Object.assign(this.#writes.get(id)!, { ack: microseconds(), version });
  }

  /** By the outbox, which has outlived its writer. */
  delivered(id: string, version: number): void {
    Object.assign(this.#writes.get(id)!, { delivered: microseconds(), version });
  }

  readonly heard = (process: string, word: Word): void => {
    const waiting = this.#pending.get(process) ?? [];
    if ('delivered' in word) {
      for (const write of waiting) write.delivered = microseconds();
      this.#pending.delete(process);
    } else if ('write' in word) {
      const write = this.#writes.get(word.write)!;
      write.state = word.state;
      if (word.state === 'pending') this.#pending.set(process, [...waiting, write]);
    }
  };

  /** When the last request of a process was sent that has been answered; or of those that were answered with a hit. */
  last(process: string, kind: 'asked' | 'hit' = 'asked'): number {
    return (kind === 'hit' ? this.#hits : this.#asked).get(process) ?? 0;
  }

  /** Looks at what was read since the last time; what was written is remembered. */
  audit(): Findings {
    const writes = [...this.#writes.values()];
    this.#found = together(this.#found, check(this.#reads, writes));
    this.#reads = [];
    return this.#found;
  }

  /** How many writes there were of each kind, and what was said of their invalidations. */
  tally(): Record<string, number> {
    const tally: Record<string, number> = {};
    for (const { how, state, delivered } of this.#writes.values()) {
      const late = state !== 'done' && delivered !== undefined ? ', delivered later' : '';
      const kind = `${how}: ${state ?? 'not answered'}${late}`;
      tally[kind] = (tally[kind] ?? 0) + 1;
    }
    return tally;
  }
}
