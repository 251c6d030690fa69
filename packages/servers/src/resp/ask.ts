import { connect } from 'node:net';
import { RedisError, type Reply, RespReader } from './reader.ts';

export type Command = readonly (string | number)[];

const patience = 5_000;

/**
 * Asks a Redis on loopback one thing after another, on a connection of its own, and returns its answers. Rejects with the
 * first error among them, and where it is not there or does not answer.
 */
export function askAll(port: number, commands: readonly Command[]): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    const replies: Reply[] = [];
    const reader = new RespReader();
    const socket = connect(port, '127.0.0.1', () => socket.write(commands.map(encode).join(''), 'latin1'));
    const fail = (problem: Error) => {
      socket.destroy();
      reject(problem);
    };
    socket.setTimeout(patience, () => fail(new Error(`Redis on port ${port} does not answer`)));
    socket.once('error', fail);
    socket.once('close', () => fail(new Error(`Redis on port ${port} hung up`)));
    socket.on('data', (chunk: Buffer) => {
      replies.push(...reader.read(chunk));
      const refusal = replies.find((reply) => reply instanceof RedisError);
      if (refusal !== undefined) return fail(refusal);
      if (replies.length < commands.length) return;
      resolve(replies);
      socket.destroy();
    });
  });
}

export async function ask(port: number, ...command: Command): Promise<Reply> {
  const [reply] = await askAll(port, [command]);
  return reply!;
}

function encode(command: Command): string {
  const texts = command.map((part) => `$${Buffer.byteLength(String(part), 'latin1')}\r\n${part}\r\n`);
  return `*${command.length}\r\n${texts.join('')}`;
}
