import { once } from 'node:events';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './helpers.ts';

export interface Talk {
  say(command: string): void;
  /** In chunks as they came. */
  readonly heard: readonly string[];
  /** Resolves once that much has been heard in all. */
  hears(length: number): Promise<string>;
  /** Resolves once the other side has ended what it says. */
  readonly ended: Promise<void>;
  /** Resolves with what broke the connection. */
  readonly broken: Promise<string | undefined>;
  /** Either. Of a reset right behind some bytes Node makes an end. */
  readonly over: Promise<unknown>;
}

/** A client that does not hang up by itself. */
export async function talkTo(port: number): Promise<Talk> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const heard: string[] = [];
  socket.setEncoding('latin1').on('data', (chunk: string) => heard.push(chunk));
  const ended = new Promise<void>((resolve) => socket.once('end', resolve));
  const broken = new Promise<string | undefined>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  await once(socket, 'connect');
  return {
    say: (command) => void socket.write(`${command}\r\n`),
    heard,
    async hears(length) {
      await until(() => heard.join('').length >= length);
      return heard.join('');
    },
    ended,
    broken,
    over: Promise.race([ended, broken]),
  };
}
