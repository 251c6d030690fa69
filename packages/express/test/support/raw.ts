import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import type { Shop } from './shop.ts';

/** Sends bytes as they are, but for `\n`, which ends a line; gives all that comes back until the connection closes. */
export async function raw({ server }: Pick<Shop, 'server'>, request: string): Promise<string> {
  if (!server.listening) await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.end(Buffer.from(request.replaceAll('\n', '\r\n'), 'latin1'));
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1')) answer += chunk;
  return answer;
}

/** A request as no client library would write it, on a connection of its own. */
export const get = (target: string, ...lines: string[]): string =>
  [`GET ${target} HTTP/1.1`, 'Host: shop.example', ...lines, 'Connection: close', '', ''].join('\n');

export const statusOf = (answer: string): number => Number(answer.slice(9, 12));
export const xOf = (answer: string): string | undefined => /^X-Cache: (\w+)/m.exec(answer)?.[1];
export const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

/** What lets a response be kept in either mode: with a `ttl` it speaks to clients only. */
export const KEPT = { 'Cache-Control': 'max-age=60' };

export const MODES = [
  { mode: 'for a ttl', policy: { ttl: 60 } },
  { mode: 'by what it says itself', policy: {} },
] as const;
