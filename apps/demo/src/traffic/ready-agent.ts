import { once } from 'node:events';
import { Agent, type ClientRequestArgs } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Can open its connections before there is anything to send. */
export class ReadyAgent extends Agent {
  readonly #ready: Socket[] = [];

  /** They carry nothing until they are used, so that no server takes them for idle. */
  async prepare({ hostname, port }: URL, count: number): Promise<void> {
    const host = hostname.replace(/^\[|\]$/g, '');
    const sockets = Array.from({ length: count }, () => connect({ host, port: Number(port || 80) }));
    // One that breaks before it is used says so to whoever uses it.
    for (const socket of sockets) socket.on('error', () => {});
    this.#ready.push(...sockets);
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    return this.#ready.pop() ?? super.createConnection(options, callback);
  }

  override destroy(): void {
    for (const socket of this.#ready.splice(0)) socket.destroy();
    super.destroy();
  }
}
