import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestOptions, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ManualClock,
  manualClock,
  type RecordingObserver,
  recordingObserver,
} from '@larder/core/testing';
import express, { type Express, type Request, type RequestHandler } from 'express';
import { onTestFinished } from 'vitest';
import { createLarder, type Larder, type LarderOptions, type Policy } from '../../src/index.ts';

export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface Shop {
  readonly app: Express;
  readonly larder: Larder;
  readonly clock: ManualClock;
  readonly observer: RecordingObserver;
  readonly server: Server;
  ask(path: string, fields?: Record<string, string | string[]>, method?: string): Promise<Answer>;
}

/** An app on a real listener, with a cache of its own and time in the test's hands. */
export function shop(build: (app: Express, larder: Larder) => void, options: LarderOptions = {}): Shop {
  const clock = manualClock(Date.now());
  const observer = recordingObserver();
  const larder = createLarder({ clock, observe: observer.observe, ...options });
  const app = express();
  build(app, larder);
  const server = createServer(app).listen(0, '127.0.0.1');
  const listening = once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await larder.close();
  });
  return {
    app,
    larder,
    clock,
    observer,
    server,
    async ask(path, headers = {}, method = 'GET') {
      await listening;
      const { port } = server.address() as AddressInfo;
      return exchange({ host: '127.0.0.1', port, path, headers, method, agent: false });
    },
  };
}

/** Sends the request as it is and gives the answer as it came: no client tidies either. */
export function exchange(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request(options, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const { statusCode, statusMessage, headers, rawHeaders } = res;
        resolve({
          status: statusCode!,
          message: statusMessage!,
          headers,
          rawHeaders,
          body: Buffer.concat(chunks),
        });
      });
    });
    asking.on('error', reject);
    asking.end();
  });
}

/** One route `/` under a policy, and how often its handler ran. */
export function route(
  policy: number | Policy<Request> | undefined,
  handler: RequestHandler,
  options?: LarderOptions,
) {
  const runs = { count: 0 };
  const made = shop((app, larder) => {
    app.get('/', larder.cacheResponse(policy), (req, res, next) => {
      runs.count += 1;
      return handler(req, res, next);
    });
  }, options);
  return { ...made, runs };
}

export const x = (answer: Answer): string => answer.headers['x-cache'] as string;
export const text = (answer: Answer): string => answer.body.toString();

/** Fields that belong to one exchange, or that only a reply from the cache has. */
const PASSING = [
  'connection',
  'keep-alive',
  'date',
  'age',
  'x-cache',
  'cache-status',
  'transfer-encoding',
  'content-length',
];

/** What must be the same whether the handler or the cache answered. */
export function lasting(answer: Answer): unknown {
  const fields = Object.entries(answer.headers).filter(([name]) => !PASSING.includes(name));
  return {
    status: answer.status,
    fields: Object.fromEntries(fields),
    body: answer.body.toString('hex'),
  };
}

/** A promise that is kept from outside. */
export function later<T = void>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
