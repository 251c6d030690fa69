import type { Pool, PoolClient } from 'pg';
import { commitUnknown, rolledBack } from './errors.ts';

/** How a transaction has ended. Only one that is `unknown` may have been committed with an error. */
export type Outcome<T> =
  | { readonly kind: 'committed'; readonly value: T }
  | { readonly kind: 'rolled back'; readonly error: unknown }
  | { readonly kind: 'unknown'; readonly error: unknown };

export interface Running {
  readonly begin: string;
  /** Sends BEGIN, COMMIT and ROLLBACK. */
  readonly send: (client: PoolClient, sql: string) => Promise<{ readonly command: string }>;
}

const PLAIN: Running = { begin: 'BEGIN', send: (client, sql) => client.query(sql) };

/** Runs `work` between BEGIN and COMMIT on a connection of the pool. Rejects only where it could not begin. */
export async function runTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  { begin, send }: Running = PLAIN,
): Promise<Outcome<T>> {
  const client = await pool.connect();
  let lost: unknown;
  // While it is checked out nobody else listens, and an error that nobody listens for ends the process.
  const onLost = (error: unknown) => {
    lost ??= error;
  };
  client.on('error', onLost);
  const release = (broken: boolean) => {
    client.release(broken);
    client.off('error', onLost);
  };

  let value: T;
  try {
    await send(client, begin);
    value = await work(client);
    if (lost !== undefined) throw lost;
  } catch (error) {
    release(await failed(send(client, 'ROLLBACK')));
    return { kind: 'rolled back', error };
  }
  try {
    const { command } = await send(client, 'COMMIT');
    release(false);
    return command === 'COMMIT' ? { kind: 'committed', value } : { kind: 'rolled back', error: rolledBack() };
  } catch (error) {
    const refused = isRefusal(error);
    release(!refused);
    return refused ? { kind: 'rolled back', error } : { kind: 'unknown', error: commitUnknown(error) };
  }
}

const failed = (sending: Promise<unknown>): Promise<boolean> =>
  sending.then(
    () => false,
    () => true,
  );

/** Codes by which a server, or a pooler before it, says that it does not know either. */
const UNKNOWN = /^(?:08|40003)/;

/**
 * Whether the server has answered a COMMIT that it did not commit: a constraint that was deferred, say. One that ends the
 * connection may have committed before (while it waits for a standby), so that is no answer.
 */
export function isRefusal(error: unknown): boolean {
  const { severity, code } = (error ?? {}) as { severity?: unknown; code?: unknown };
  return severity === 'ERROR' && typeof code === 'string' && !UNKNOWN.test(code);
}
