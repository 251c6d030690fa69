import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { onTestFinished } from 'vitest';
import { forwarding } from '../../src/forward/forward.ts';
import type { Forwarding } from '../../src/forward/forwarding.ts';
import type { Shown } from '../../src/forward/unseen-fields.ts';
import { linesOf } from '../../src/head.ts';
import { type Answer, exchange } from '../support/shop.ts';
import type { Framework, Version } from './versions.ts';

export type Loose = Request & Record<string, unknown>;
type Run = (req: Loose, res: Response, next: NextFunction) => unknown;

/** What came out of a request that nobody sent. */
export interface Unseen {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: string;
  readonly finished: boolean;
}

export interface Kit {
  readonly express: Framework;
  readonly major: 4 | 5;
  readonly app: Express;
  /** The middleware that forwards. */
  readonly own: RequestHandler;
  /** Middleware before it, which runs for the client alone. */
  before(name: string, run?: Run): RequestHandler;
  /** Anything behind it, which runs for both. */
  behind(name: string, run?: Run): RequestHandler;
  /** An error handler behind it. */
  rescue(name: string, run: (error: Error, req: Request, res: Response, next: NextFunction) => void): never;
}

export interface Scene {
  readonly shown?: Partial<Shown>;
  /** When the forwarded run starts: ahead of the client's, or once its answer has gone. */
  readonly start?: 'ahead' | 'after' | 'by hand';
  /** Instead of the server that Express makes. */
  readonly listener?: (app: Express) => (req: never, res: never) => void;
}

export interface Stage {
  readonly server: Server;
  readonly runs: Record<string, number>;
  /** Names of everything that ran, for whom. */
  readonly expected: Record<string, number>;
  readonly forwarded: readonly (Forwarding | undefined)[];
  /** What became of each. */
  readonly outcomes: readonly Promise<Unseen>[];
  ask(path: string, fields?: Record<string, string | string[]>, method?: string): Promise<Answer>;
  /** What the run made that was forwarded last. */
  unseen(): Promise<Unseen>;
  live(): { readonly req: Loose; readonly res: Response };
}

export const NOTHING_SHOWN: Shown = { fields: [], cookies: [], credentials: false };

/** An app with the forwarding middleware in it, and what became of either run. */
export function stage(version: Version, build: (kit: Kit) => void, scene: Scene = {}): Stage {
  const { express, major } = version;
  const runs: Record<string, number> = {};
  const expected: Record<string, number> = {};
  const forwarded: (Forwarding | undefined)[] = [];
  const outcomes: Promise<Unseen>[] = [];
  let live: { req: Loose; res: Response } | undefined;
  const counted =
    (times: number) =>
    (name: string, run: Run = (_req, _res, next) => next()): RequestHandler => {
      expected[name] = times;
      runs[name] = 0;
      return (req, res, next) => {
        runs[name]! += 1;
        return run(req as Loose, res, next) as undefined;
      };
    };
  const own: RequestHandler = (req, res, next) => {
    live = { req: req as Loose, res };
    const before = linesOf(res);
    const made = forwarding({ own, req, res, before, shown: { ...NOTHING_SHOWN, ...scene.shown } });
    forwarded.push(made);
    if (made !== undefined) {
      outcomes.push(outcomeOf(made.res));
      if (scene.start === 'ahead') made.start();
      else if (scene.start !== 'by hand') res.once('close', () => made.start());
    }
    next();
  };
  const app = express();
  app.set('env', 'test');
  build({
    ...{ express, major, app, own },
    before: counted(1),
    behind: counted(2),
    rescue(name, run) {
      expected[name] = 2;
      runs[name] = 0;
      return ((error: Error, req: Request, res: Response, next: NextFunction) => {
        runs[name]! += 1;
        run(error, req, res, next);
      }) as never;
    },
  });
  const server = createServer((scene.listener?.(app) ?? app) as never).listen(0, '127.0.0.1');
  const listening = once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    server,
    runs,
    expected,
    forwarded,
    outcomes,
    async ask(path, headers = {}, method = 'GET') {
      await listening;
      const { port } = server.address() as AddressInfo;
      return exchange({ host: '127.0.0.1', port, path, headers, method, agent: false });
    },
    async unseen() {
      const outcome = outcomes.at(-1);
      if (outcome === undefined) throw new Error('nothing was forwarded');
      return outcome;
    },
    live: () => live!,
  };
}

/** Watches a response where the cache will: at its own functions. */
export function outcomeOf(res: Response): Promise<Unseen> {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown, encoding: unknown) => {
    if (chunk === undefined || chunk === null || typeof chunk === 'function') return;
    chunks.push(
      typeof chunk === 'string'
        ? Buffer.from(chunk, encoding as BufferEncoding)
        : Buffer.from(chunk as Buffer),
    );
  };
  const { write, end } = res;
  res.write = ((chunk: unknown, ...rest: unknown[]) => {
    keep(chunk, rest[0]);
    return write.apply(res, [chunk, ...rest] as never);
  }) as typeof write;
  res.end = ((...args: unknown[]) => {
    keep(args[0], args[1]);
    return end.apply(res, args as never);
  }) as typeof end;
  return new Promise((resolve) => {
    res.once('close', () => {
      const body = Buffer.concat(chunks).toString('latin1');
      const headers = { ...res.getHeaders() };
      resolve({ status: res.statusCode, headers, body, finished: res.writableFinished });
    });
  });
}

/** Fields that belong to one exchange, or that Node adds on its way out. */
const PASSING = ['connection', 'keep-alive', 'date', 'transfer-encoding', 'content-length'];

const lasting = (headers: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !PASSING.includes(name))
      .map(([name, value]) => [name, [value].flat().join(', ')]),
  );

export const ofClient = ({ status, headers, body }: Answer) => ({
  ...{ status, body: body.toString('latin1') },
  headers: lasting(headers),
});

export const ofNobody = ({ status, headers, body }: Unseen) => ({ status, body, headers: lasting(headers) });

/** What a handler sees of where it is. */
export const where =
  (more: (req: Loose, res: Response) => object = () => ({})): Run =>
  (req, res) => {
    const { url, baseUrl, originalUrl, params, query, path, method } = req;
    const route = req.route?.path?.toString();
    res.json({ url, baseUrl, originalUrl, params, query, path, method, route, ...more(req, res) });
  };
