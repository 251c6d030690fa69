import { type Agent, type IncomingMessage, request } from 'node:http';
import { ReadyAgent } from './ready-agent.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly path: string;
  readonly token?: string;
  readonly body?: object;
}

export interface Reply {
  readonly status: number;
  /** The first word of X-Cache; absent where the route has no cache. */
  readonly cache: string | undefined;
  readonly cacheStatus: string | undefined;
  readonly ms: number;
  readonly text: string;
}

export interface Client {
  /** Opens so many connections, for what is sent next. */
  connect(count: number): Promise<void>;
  /** Rejects for a connection that fails; any status is a reply. */
  send(call: Call): Promise<Reply>;
  close(): void;
}

const TIMEOUT_MS = 15_000;

export interface ClientOptions {
  /** Connections at once, at most. */
  readonly concurrency: number;
  /** What the shop is asked for as, which is part of what its responses are kept under. Default: that of the URL. */
  readonly host?: string;
  /** False for a client that rests between its calls, while a shop may close what it finds idle. Default true. */
  readonly keepAlive?: boolean;
}

export function openClient(
  base: URL,
  { concurrency, host = base.host, keepAlive = true }: ClientOptions,
): Client {
  const agent = new ReadyAgent({ keepAlive, maxSockets: concurrency });
  return {
    connect: (count) => agent.prepare(base, count),
    send: (call) => send(base, host, agent, call),
    close: () => agent.destroy(),
  };
}

/** Says of an error, for people, that there is no shop where that is why. */
export const explain =
  (url: URL) =>
  (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'ECONNREFUSED') throw error;
    throw new Error(
      `Nothing answers at ${url.origin}: start the shop with "pnpm demo" first, or give its address.`,
    );
  };

function send(base: URL, host: string, agent: Agent, { method, path, token, body }: Call): Promise<Reply> {
  const payload = body && JSON.stringify(body);
  const headers = {
    Host: host,
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(payload && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
  };
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const outgoing = request(new URL(path, base), { method, agent, headers, timeout: TIMEOUT_MS });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS / 1000} s`)));
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.once('error', reject);
      incoming.once('end', () => {
        const cache = field(incoming, 'x-cache');
        resolve({
          status: incoming.statusCode ?? 0,
          cache: cache && /^\w+/.exec(cache)?.[0].toUpperCase(),
          cacheStatus: field(incoming, 'cache-status'),
          ms: performance.now() - began,
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(payload);
  });
}

function field({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
