import type { Redis, RedisOptions } from 'ioredis';
import { firstLine, isRefusal } from './answer.ts';
import type { Line } from './facts.ts';

const CONNECT_MS = 3000;
const ANSWER_MS = 2000;

/**
 * A connection of the doctor's own, made like the client's: the app's calls do not queue behind its questions,
 * and the app's deadlines do not cut them short.
 * @throws an error whose message says why Redis cannot be asked
 */
export async function connectLike(
  client: Redis,
  at: Pick<RedisOptions, 'host' | 'port'> = {},
): Promise<Redis> {
  const connection = client.duplicate({
    ...at,
    lazyConnect: true,
    keyPrefix: '',
    connectTimeout: CONNECT_MS,
    commandTimeout: ANSWER_MS,
    socketTimeout: undefined,
    enableReadyCheck: false,
    enableOfflineQueue: true,
    enableAutoPipelining: false,
    disableClientInfo: true,
    stringNumbers: false,
    readOnly: false,
    maxRetriesPerRequest: 0,
    reconnectOnError: null,
    retryStrategy: () => null,
    sentinelRetryStrategy: () => null,
  });
  let cause: Error | undefined;
  connection.on('error', (error) => {
    cause ??= error;
  });
  try {
    await connection.connect();
    await connection.ping();
  } catch (error) {
    // Who may not even PING is there all the same.
    if (isRefusal(error) && error.message.startsWith('NOPERM')) return connection;
    connection.disconnect();
    throw new Error(reason(cause ?? error), { cause: cause ?? error });
  }
  return connection;
}

/** An address that is a list of them fails with a list of errors, and no message. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return reason(error.errors[0]);
  return error instanceof Error ? firstLine(error.message) : String(error);
}

/** As the socket has it and not the options, in which Sentinels may stand for the server that they name. */
export function lineOf({ options, stream }: Redis, clustered: boolean): Line {
  const { remoteAddress = '', remotePort } = stream;
  const local = options.path !== undefined && options.path !== null;
  const through = options.sentinels ? `${remoteAddress}:${remotePort}` : `${options.host}:${options.port}`;
  return {
    address: local ? options.path! : through,
    loopback: local || /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress),
    encrypted: 'encrypted' in stream && stream.encrypted === true,
    clustered,
  };
}
