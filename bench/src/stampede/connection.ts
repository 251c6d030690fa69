import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: Buffer;
  /** Head and body as they came. */
  readonly bytes: number;
  /** From the write of the request to the last byte. */
  readonly ms: number;
}

interface Pending {
  readonly sentAt: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);

/**
 * A connection that is open before it is used. Not `node:http`: ten thousand of its requests take this process
 * longer than the servers take to answer them, and that would be what is measured.
 */
export class Connection {
  readonly #socket: Socket;
  #pending: Pending | undefined;
  #received: Buffer = EMPTY;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    return new Connection(socket);
  }

  send(request: Buffer): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#received = EMPTY;
      this.#pending = { sentAt: performance.now(), resolve, reject };
      this.#socket.write(request);
    });
  }

  /** Whoever waits for a reply gets the reason in its place. */
  close(reason = 'closed'): void {
    this.#fail(new Error(reason));
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const [, length] = /^content-length: *(\d+)$/im.exec(head) ?? [];
    if (length === undefined) {
      this.#fail(new Error(`a response without its length:\n${head}`));
      return;
    }
    const bodyAt = headEnd + HEAD_END.length;
    const bytes = bodyAt + Number(length);
    if (this.#received.length < bytes || this.#pending === undefined) return;
    const { sentAt, resolve } = this.#pending;
    this.#pending = undefined;
    const body = this.#received.subarray(bodyAt, bytes);
    resolve({ status: Number(head.slice(9, 12)), body, bytes, ms: performance.now() - sentAt });
  }

  #fail(error: Error): void {
    this.#pending?.reject(error);
    this.#pending = undefined;
  }
}
