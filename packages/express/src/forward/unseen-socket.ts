import { Duplex } from 'node:stream';

export interface UnseenSocketParts {
  readonly encrypted: boolean;
  readonly remoteAddress: string | undefined;
  /** The server that the triggering request came to. */
  readonly server: unknown;
}

type Done = (error?: Error | null) => void;

/**
 * The connection of a request that nobody sent. What is written is taken at once and goes nowhere, so who writes waits
 * as for a fast client; nothing is ever read.
 */
export class UnseenSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  readonly remoteFamily = 'IPv4';
  readonly remotePort = 0;
  readonly localAddress = '127.0.0.1';
  readonly localPort = 0;
  readonly encrypted: boolean;
  readonly server: unknown;
  readonly connecting = false;
  readonly pending = false;
  readonly bytesRead = 0;
  bytesWritten = 0;
  timeout = 0;

  constructor({ encrypted, remoteAddress, server }: UnseenSocketParts) {
    super();
    this.encrypted = encrypted;
    this.remoteAddress = remoteAddress;
    this.server = server;
    // A server listens on its connections: a response that is destroyed with an error does not end the process.
    this.on('error', () => {});
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.bytesWritten += chunk.length;
    done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    for (const { chunk } of chunks) this.bytesWritten += chunk.length;
    done();
  }

  /** As `net.Socket` has it: what is written goes out first. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  address(): object {
    return {};
  }

  /** Nobody's silence is waited for here: who started the request bounds it. */
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  getPeerCertificate(): object {
    return {};
  }
}
