import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Request } from 'express';
import type { Line } from './unseen-fields.ts';
import type { UnseenSocket } from './unseen-socket.ts';

/** A GET as Node's server would have made it of what came in on the connection. */
export function bareRequest(socket: UnseenSocket, url: string, lines: readonly Line[]): Request {
  const req = new IncomingMessage(socket as unknown as Socket) as Request;
  req.method = 'GET';
  req.httpVersion = '1.1';
  req.httpVersionMajor = 1;
  req.httpVersionMinor = 1;
  req.url = url;
  req.rawHeaders = lines.flat();
  req.headers = Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]));
  req.headersDistinct = Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), [value]]));
  // Complete, and not read yet, as a request without a body is when its handler runs.
  req.complete = true;
  req.push(null);
  return req;
}
