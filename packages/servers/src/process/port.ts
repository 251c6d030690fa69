import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { ServerFailedError } from '../errors.ts';

const attempts = 5;

/** Starts on the port asked for; otherwise on a free one, looking again when somebody else takes it first. */
export async function onFreePort<T>(
  asked: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  if (asked) return start(asked);
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const isPortTaken = (error: unknown): boolean =>
  error instanceof ServerFailedError && /address already in use/i.test(error.log);
