import { connect, type Socket } from 'node:net';
import { RespReader } from '../resp/reader.ts';
import type { Direction, Fault } from './faults.ts';
import { Flow } from './flow.ts';

/** A command as a client sent it, whether or not it got through. */
export interface Sent {
  readonly connection: Connection;
  /** In lower case. */
  readonly name: string;
  /** As latin1. */
  readonly args: readonly string[];
}

/** One client of the proxy, and its connection to the server. */
export class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #requests: Flow;
  readonly #replies: Flow;
  readonly #sent = new Map<string, number>();

  constructor(
    client: Socket,
    targetPort: number,
    fault: (connection: Connection, direction: Direction) => Fault,
    heard: (sent: Sent) => void,
  ) {
    this.#client = client;
    this.#server = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.#requests = new Flow(client, this.#server, () => fault(this, 'requests'));
    this.#replies = new Flow(this.#server, client, () => fault(this, 'replies'));
    const listen = this.#listener(heard);
    client.on('data', (bytes: Buffer) => {
      // First, so that a fault for who sends this befalls this already.
      listen(bytes);
      this.#requests.push(bytes);
    });
    this.#server.on('data', (bytes: Buffer) => this.#replies.push(bytes));
    // What went wrong is told to the other side by its flow.
    for (const socket of [client, this.#server]) socket.on('error', () => {});
  }

  /** How many commands of that name it has sent. */
  sent(name: string): number {
    return this.#sent.get(name.toLowerCase()) ?? 0;
  }

  /** Bytes that went through. */
  get passed(): Record<Direction, number> {
    return { requests: this.#requests.passed, replies: this.#replies.passed };
  }

  /** Resets both ends. */
  cut(): void {
    for (const socket of [this.#client, this.#server]) socket.resetAndDestroy();
  }

  /** Ends what the server says, and goes on listening to the client. */
  halfClose(): void {
    this.#replies.stop();
    this.#client.end();
  }

  wake(): void {
    this.#requests.wake();
    this.#replies.wake();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #listener(heard: (sent: Sent) => void): (bytes: Buffer) => void {
    const reader = new RespReader();
    let readable = true;
    return (bytes) => {
      if (!readable) return;
      try {
        for (const command of reader.read(bytes)) {
          const [name = '', ...args] = command as readonly string[];
          this.#sent.set(name.toLowerCase(), this.sent(name) + 1);
          heard({ connection: this, name: name.toLowerCase(), args });
        }
      } catch {
        // TLS, say.
        readable = false;
      }
    };
  }
}
