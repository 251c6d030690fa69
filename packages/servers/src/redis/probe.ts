import { connect } from 'node:net';
import { ask } from '../resp/ask.ts';

/** Whether the Redis on this port takes commands, and is the process we started and not a neighbour. */
export function redisAnswers(port: number, pid: number): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\nPING\r\n'));
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
    socket.setEncoding('latin1').on('data', (chunk) => {
      reply += chunk;
      // A password among the arguments hides both answers, and still shows that it is up.
      if (reply.includes('-NOAUTH')) settle(true);
      else if (reply.includes('+PONG')) settle(reply.includes(`process_id:${pid}\r\n`));
      else if (reply.includes('-LOADING')) settle(false);
    });
  });
}

/** Whether a replica has all that its primary has, and hears what comes. */
export const isInStep = async ({ port }: { readonly port: number }): Promise<boolean> =>
  String(await ask(port, 'INFO', 'replication')).includes('master_link_status:up\r\n');
