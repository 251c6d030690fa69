import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { ServerFailedError } from '../errors.ts';

const attempts = 5;

export interface PortChoice {
  /** This one and no other. */
  readonly port?: number | undefined;
  readonly highestPort?: number | undefined;
}

/** Starts on the port asked for; otherwise on a free one, looking again when somebody else takes it first. */
export async function onFreePort<T>(
  { port, highestPort = 65_535 }: PortChoice,
  start: (port: number) => Promise<T>,
): Promise<T> {
  if (port) return start(port);
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort(highestPort));
    } catch (error) {
      if (attempt === attempts || !isPortTaken(error)) throw error;
    }
  }
}

async function freePort(highest: number): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port <= highest ? port : freePort(highest);
}

const isPortTaken = (error: unknown): boolean =>
  error instanceof ServerFailedError && /address already in use/i.test(error.log);
