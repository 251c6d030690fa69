import type { Invalidated } from '@larder/core';
import { Ledger } from './ledger.ts';
import type { Steps } from './steps.ts';

export interface Reading {
  readonly by: string;
  readonly what: string;
  /** Nothing answers it that Redis was not asked for after it began. */
  readonly asks: boolean;
  /** `load` reads the version from the database. */
  readonly read: (load: () => Promise<string>) => Promise<string>;
}

export interface Writing {
  readonly by: string;
  readonly soft: boolean;
  readonly invalidate: () => Promise<Invalidated>;
}

/** Compares what everybody is given with what he was owed when he began to read. */
export class Witness {
  readonly violations: string[] = [];
  /** Reads that were owed something, and were given what was there without reading the database. */
  tested = 0;
  readonly #steps: Steps;
  readonly #ledger = new Ledger();
  readonly #going: Promise<unknown>[] = [];

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  /** Resolves when everything that was begun has come to an end. */
  ended(): Promise<unknown> {
    return Promise.all(this.#going);
  }

  follow(going: Promise<unknown>): void {
    this.#going.push(going.catch((error) => this.violations.push(`something failed: ${error}`)));
  }

  read({ by, what, asks, read }: Reading): void {
    const owed = this.#ledger.owed({ by, asks, nowMs: this.#nowMs });
    const whose = `${what} ${this.#going.length} of ${by}`;
    let loaded = false;
    const load = async () => {
      loaded = true;
      const version = await this.#steps.add(`${whose} reads the database`, () => this.#ledger.version);
      return this.#steps.add(`${by} reads ${version} for ${whose}`, () => String(version), `${by} reads`);
    };
    this.#steps.tell(`      ${whose} begins, and is owed ${owed}`);
    const given = async () => {
      const version = Number(await read(load));
      this.#steps.tell(`      ${whose} is given ${version}`);
      if (!loaded && owed > 1) this.tested += 1;
      if (!(version >= owed && version <= this.#ledger.version))
        this.violations.push(`${whose} was owed ${owed}, and given ${version}`);
    };
    this.follow(given());
  }

  write({ by, soft, invalidate }: Writing): void {
    const write = this.#ledger.commit(by);
    const { version } = write;
    let told!: Promise<Invalidated>;
    const begin = () => {
      // What is softly invalidated may be given until Redis has been told.
      write.forgotten = !soft;
      told = invalidate();
    };
    const written = async () => {
      await this.#steps.add(`${by} invalidates for ${version}`, begin);
      const { state } = await told;
      this.#steps.tell(`      ${by} has invalidated for ${version}: ${state}`);
      write.forgotten = true;
      if (state === 'done') write.ackedMs = Math.min(write.ackedMs, this.#nowMs);
    };
    this.follow(written());
  }

  /** Redis has been told all that it could not be told before. */
  delivered(by: string): void {
    this.#ledger.delivered(by, this.#nowMs);
  }

  get #nowMs(): number {
    return this.#steps.clock.monotonicMs();
  }
}
