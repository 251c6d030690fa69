import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Connection, type Sent } from './connection.ts';
import type { Direction, Faults } from './faults.ts';
import { Rules, type Where } from './rules.ts';

export interface TcpProxy {
  readonly port: number;
  /** `redis://` to it. */
  readonly url: string;
  /** Those that are open. */
  readonly connections: readonly Connection[];
  /** How many there have been. */
  readonly accepted: number;
  /** Bytes that went through, of all connections there have been. */
  readonly passed: Record<Direction, number>;
  /** How many commands of that name, or of any, clients have sent. */
  sent(name?: string): number;
  /** Hears of every command from now on, until the call that it returns. */
  tap(listener: (sent: Sent) => void): () => void;
  /** Lets faults befall what comes and what waits, until the call that it returns. */
  impose(faults: Faults, where?: Where): () => void;
  /** Resets connections. */
  cut(where?: Where): void;
  /** Ends what servers say, as one does that shuts down while it still reads. */
  halfClose(where?: Where): void;
  /** Nobody listens any more; connections that are open stay. */
  refuse(): void;
  /** Listens again. */
  accept(): Promise<void>;
  stop(): Promise<void>;
}

const anywhere: Where = () => true;

/** Stands between clients and a server, both on loopback, and does to them what networks do. */
export async function tcpProxy(targetPort: number): Promise<TcpProxy> {
  const open = new Set<Connection>();
  const taps = new Set<(sent: Sent) => void>();
  const commands = new Map<string, number>();
  const passed = { requests: 0, replies: 0 };
  let accepted = 0;
  const rules = new Rules(() => each(open, anywhere, (connection) => connection.wake()));

  const heard = (sent: Sent) => {
    for (const name of ['', sent.name]) commands.set(name, (commands.get(name) ?? 0) + 1);
    for (const tap of taps) tap(sent);
  };
  const serve = (client: Socket) => {
    accepted += 1;
    const connection = new Connection(client, targetPort, (of, direction) => rules.of(of, direction), heard);
    open.add(connection);
    client.once('close', () => {
      open.delete(connection);
      add(passed, connection.passed);
    });
  };
  const listen = (port: number) =>
    listening(createServer({ allowHalfOpen: true, noDelay: true }, serve), port);

  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get connections() {
      return [...open];
    },
    get accepted() {
      return accepted;
    },
    get passed() {
      const sum = { ...passed };
      for (const connection of open) add(sum, connection.passed);
      return sum;
    },
    sent: (name = '') => commands.get(name.toLowerCase()) ?? 0,
    tap(listener) {
      taps.add(listener);
      return () => void taps.delete(listener);
    },
    impose: (faults, where = anywhere) => rules.impose(faults, where),
    cut: (where = anywhere) => each(open, where, (connection) => connection.cut()),
    halfClose: (where = anywhere) => each(open, where, (connection) => connection.halfClose()),
    refuse: () => void server.close(),
    async accept() {
      if (!server.listening) server = await listen(port);
    },
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      each(open, anywhere, (connection) => connection.destroy());
      await closed;
    },
  };
}

function each(open: Iterable<Connection>, where: Where, act: (connection: Connection) => void): void {
  for (const connection of [...open].filter(where)) act(connection);
}

function add(sum: Record<Direction, number>, more: Record<Direction, number>): void {
  sum.requests += more.requests;
  sum.replies += more.replies;
}

async function listening(server: Server, port: number): Promise<Server> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
