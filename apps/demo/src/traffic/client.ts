import { Agent, request } from 'node:http';

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
  readonly ms: number;
  readonly text: string;
}

export interface Client {
  /** Rejects for a connection that fails; any status is a reply. */
  send(call: Call): Promise<Reply>;
  close(): void;
}

const TIMEOUT_MS = 15_000;

export function openClient(base: URL, concurrency: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  return {
    send: (call) => send(base, agent, call),
    close: () => agent.destroy(),
  };
}

function send(base: URL, agent: Agent, { method, path, token, body }: Call): Promise<Reply> {
  const payload = body && JSON.stringify(body);
  const headers = {
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
        const cache = incoming.headers['x-cache'];
        resolve({
          status: incoming.statusCode ?? 0,
          cache: typeof cache === 'string' ? /^\w+/.exec(cache)?.[0].toUpperCase() : undefined,
          ms: performance.now() - began,
          text: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.end(payload);
  });
}
