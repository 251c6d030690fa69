import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listening {
  readonly port: number;
  /** Accepts nothing new, lets what is under way finish. */
  close(): Promise<void>;
}

const MAX_TRIES = 20;
const DRAIN_MS = 8_000;

export async function listen(
  app: RequestListener,
  { port, host }: { port: number; host: string },
  say: (line: string) => void,
): Promise<Listening> {
  for (let tried = port; tried < port + MAX_TRIES; tried++) {
    const server = createServer(app);
    try {
      server.listen(tried, host);
      await once(server, 'listening');
      return { port: (server.address() as AddressInfo).port, close: () => drain(server) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      say(`Port ${tried} is busy: trying ${tried + 1}.`);
    }
  }
  throw new Error(`Ports ${port} to ${port + MAX_TRIES - 1} are all busy: give a free one in PORT.`);
}

async function drain(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A connection that is kept alive becomes idle again and again; each time is a chance to end it.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const patience = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(patience);
}
