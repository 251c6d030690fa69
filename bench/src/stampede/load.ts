import { Connection, type Reply } from './connection.ts';
import { product } from './product.ts';

/** As many at a time as a listen queue holds on any system. */
const OPENED_AT_ONCE = 100;
const LONGEST_MS = 120_000;

/** What came of one stampede. */
export interface Volley {
  /** Of all that were answered, in order. */
  readonly ms: readonly number[];
  /** Of a response, on average. */
  readonly bytes: number;
  /** From the first request written to the last one. */
  readonly sendingMs: number;
  /** Not answered, not 200, or with another body than the handler's; each with how often. */
  readonly failures: ReadonlyMap<string, number>;
}

/** Clients that are connected, shared out evenly among the servers. */
export class Crowd {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async gather(ports: readonly number[], size: number): Promise<Crowd> {
    const connections: Connection[] = [];
    while (connections.length < size) {
      const wanted = Math.min(OPENED_AT_ONCE, size - connections.length);
      const from = connections.length;
      const opening = Array.from({ length: wanted }, (_, i) =>
        Connection.open(ports[(from + i) % ports.length]!),
      );
      connections.push(...(await Promise.all(opening)));
    }
    return new Crowd(connections);
  }

  /** Everybody asks for the same at once. */
  async stampede(id: string): Promise<Volley> {
    const request = Buffer.from(
      // The host is part of a key: the same one for all servers, whatever their ports.
      [`GET /products/${id} HTTP/1.1`, 'Host: bench.example', 'Accept: application/json', '', ''].join(
        '\r\n',
      ),
    );
    const from = performance.now();
    const asked = this.#connections.map((connection) => connection.send(request));
    const sendingMs = performance.now() - from;
    const late = setTimeout(() => this.disperse(`no answer in ${LONGEST_MS / 1000} s`), LONGEST_MS);
    const settled = await Promise.allSettled(asked);
    clearTimeout(late);
    return volley(settled, Buffer.from(JSON.stringify(product(id))), sendingMs);
  }

  disperse(reason?: string): void {
    for (const connection of this.#connections) connection.close(reason);
  }
}

function volley(
  settled: readonly PromiseSettledResult<Reply>[],
  expected: Buffer,
  sendingMs: number,
): Volley {
  const failures = new Map<string, number>();
  const fail = (what: string) => failures.set(what, (failures.get(what) ?? 0) + 1);
  const replies: Reply[] = [];
  for (const one of settled) {
    if (one.status === 'rejected') fail((one.reason as Error).message);
    else replies.push(one.value);
  }
  for (const { status, body } of replies) {
    if (status !== 200) fail(`status ${status}`);
    else if (!body.equals(expected)) fail('another body than the handler makes');
  }
  const bytes = replies.reduce((sum, reply) => sum + reply.bytes, 0) / Math.max(replies.length, 1);
  return { ms: replies.map(({ ms }) => ms).sort((a, b) => a - b), bytes, sendingMs, failures };
}
