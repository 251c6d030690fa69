import { Cache, type CacheOptions } from '@larder/core';
import { type RecordingObserver, recordingObserver } from '@larder/core/testing';
import { type TcpProxy, tcpProxy } from '@larder/servers';
import pg from 'pg';
import { expect, onTestFinished } from 'vitest';
import {
  createOutbox,
  type Outbox,
  type OutboxOptions,
  outboxSchema,
  type TableName,
} from '../../src/index.ts';
import { poolOf } from './pool.ts';

/** Longer than anything here takes on a busy machine: nothing is asserted of how long it took. */
export const poll = <T>(what: () => T) => expect.poll(what, { timeout: 25_000, interval: 20 });

/** The server that the run was given. */
export function databaseUrl(): string {
  const url = process.env.DATABASE_URL;
  if (url === undefined) throw new Error('these tests need DATABASE_URL, which their set-up gives them');
  return url;
}

let made = 0;

/** A name that no other test has, with characters in it that have to be quoted. */
export function freshName(kind: string): string {
  made += 1;
  return `${kind} "${process.pid}"'${Date.now() % 1e8}\\${made}`;
}

export interface Database {
  readonly pool: pg.Pool;
  /** Gone with everything in it after the test. */
  readonly schema: string;
  /** The table of an outbox in it. */
  readonly table: TableName;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

/** A schema of the test's own, with an outbox in it. */
export async function database(): Promise<Database> {
  const schema = freshName('shop');
  const pool = poolOf(databaseUrl(), schema);
  await pool.query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`);
  onTestFinished(async () => {
    await pool.query(`DROP SCHEMA ${pg.escapeIdentifier(schema)} CASCADE`);
    await pool.end();
  });
  const table: TableName = [schema, 'out "box"'];
  // Twice, as migrations may.
  await pool.query(outboxSchema({ table }));
  await pool.query(outboxSchema({ table }));
  return { pool, schema, table, query: async (sql, values) => (await pool.query(sql, values)).rows };
}

export interface Watched {
  readonly cache: Cache;
  readonly observer: RecordingObserver;
  /** What is cached under the tag: the same text until it is invalidated. */
  read(tag: string): Promise<string>;
  /** Everything that was invalidated and acknowledged, an item a call. */
  invalidations(): number[];
  /** What went wrong while something was delivered. */
  errors(): unknown[];
}

export function watchedCache(options: CacheOptions = {}): Watched {
  const observer = recordingObserver();
  made += 1;
  // Whom a message wakes is told by the namespace, in the whole database.
  const namespace = `shop-${process.pid}-${Date.now()}-${made}`;
  const cache = new Cache({ namespace, ...options, observe: observer.observe });
  onTestFinished(() => cache.close());
  let loads = 0;
  return {
    cache,
    observer,
    read: (tag) => cache.getOrSet(`of ${tag}`, { ttl: 600, tags: [tag] }, () => `load ${++loads}`),
    invalidations: () =>
      observer
        .of('invalidate')
        .filter(({ delivery }) => delivery === 'done')
        .map(({ tags }) => tags),
    errors: () =>
      observer
        .of('error')
        .filter(({ doing }) => doing === 'deliver from the outbox')
        .map(({ error }) => error),
  };
}

/** An outbox that is closed with its test. */
export function openOutbox(
  { pool, table }: Pick<Database, 'pool' | 'table'>,
  caches: readonly Cache[],
  options: Partial<OutboxOptions> = {},
): Outbox {
  const outbox = createOutbox(pool, { caches, table, ...options });
  onTestFinished(() => outbox.close());
  return outbox;
}

/** What is recorded in a transaction of its own. */
export async function recorded(
  { pool }: Pick<Database, 'pool'>,
  outbox: Outbox,
  tags: readonly string[],
  namespace?: string,
): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await outbox.record(client, tags, namespace === undefined ? {} : { namespace });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

export interface Gate {
  /** Resolves once somebody waits at it. */
  reached(): Promise<void>;
  open(): Promise<void>;
}

/** Has deliveries wait before they take out what they have delivered. */
export const gateOfRemovals = (at: Database): Promise<Gate> =>
  gate(at, 'TRIGGER', `BEFORE DELETE ON ${pg.escapeIdentifier(at.table[1]!)} FOR EACH ROW`);

/** Has transactions that have changed the table wait within their COMMIT. */
export const gateOfCommits = (at: Database, table: string): Promise<Gate> =>
  gate(at, 'CONSTRAINT TRIGGER', `AFTER UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW`);

async function gate({ query }: Database, kind: string, where: string): Promise<Gate> {
  made += 1;
  const key = (process.pid % 1e5) * 1e4 + made;
  await query(`CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN PERFORM pg_advisory_xact_lock(${key}); RETURN OLD; END'`);
  await query(`CREATE ${kind} gate ${where} EXECUTE FUNCTION gate()`);
  const holder = new pg.Client(databaseUrl());
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query(`SELECT pg_advisory_lock(${key})`);
  const waiting = async () => {
    const { rows } = await holder.query(
      `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = ${key}`,
    );
    return rows[0].n;
  };
  return {
    reached: () => poll(waiting).toBeGreaterThan(0),
    open: async () => void (await holder.query(`SELECT pg_advisory_unlock(${key})`)),
  };
}

/** The server behind something that cuts connections. */
export async function proxied(): Promise<{ proxy: TcpProxy; url: string }> {
  const url = new URL(databaseUrl());
  const proxy = await tcpProxy(Number(url.port || 5432));
  onTestFinished(() => proxy.stop());
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

/** Nobody looks for rows but who is told of them. */
export const NEVER_POLL = { pollMs: 3_600_000 };
