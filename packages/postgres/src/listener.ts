import type { Clock } from '@larder/core';
import pg, { type ClientConfig } from 'pg';
import { CHANNEL } from './outbox-table.ts';

export interface Listening {
  readonly place: ClientConfig;
  readonly clock: Clock;
  /** Of a namespace; undefined where anything may have been missed. */
  readonly heard: (namespace: string | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** Of the connection itself and of its one statement: what hangs is given up, and polling makes up for it. */
const PATIENCE = { connectionTimeoutMillis: 10_000, query_timeout: 10_000 };
const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 10_000;

/** Up to twice as long after each failure; with chance, so that processes do not come back together. */
export const waitMs = (failures: number, chance: number): number =>
  Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10)) * (0.5 + chance / 2);

/** A connection that hears when there are rows, and is made anew whenever it is lost. It keeps no process alive. */
export class Listener {
  readonly #listening: Listening;
  #client: pg.Client | undefined;
  #failures = 0;
  #cancel = () => {};

  constructor(listening: Listening) {
    this.#listening = listening;
    this.#connect();
  }

  close(): void {
    this.#cancel();
    this.#drop();
  }

  #connect(): void {
    const { place, heard } = this.#listening;
    // A pool hides its password from being copied.
    const { password } = place;
    const client = new pg.Client({ ...PATIENCE, ...place, password, keepAlive: true });
    this.#client = client;
    const lost = (error: unknown) => this.#lost(client, error);
    client.on('error', lost);
    client.on('end', () => lost(new Error('the connection that listens was ended')));
    client.on('notification', ({ payload }) => heard(payload));
    const listen = async () => {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      if (this.#client !== client) return;
      unref(client);
      this.#failures = 0;
      heard(undefined);
    };
    listen().catch(lost);
  }

  /** Told once of each connection, by whoever notices first. */
  #lost(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#drop();
    this.#listening.failed(error);
    this.#cancel = this.#listening.clock.after(waitMs(this.#failures, Math.random()), () => this.#connect());
    this.#failures += 1;
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => {});
  }
}

/** pg has it, and its types do not. */
const unref = (client: pg.Client): void => (client as unknown as { unref(): void }).unref();
