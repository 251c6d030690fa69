import type { Express, Request, RequestHandler, Response } from 'express';
import { requestHead } from '../../src/request-head.ts';
import { type Watch, type WatchRules, watch } from '../../src/watch.ts';
import { shop } from './shop.ts';

export type Loose = Request & Record<string, unknown>;

export interface Scene {
  readonly fields?: Record<string, string | string[]>;
  readonly rules?: Partial<WatchRules>;
  /** Before the watch. */
  readonly upstream?: (app: Express) => void;
  /** Between the watch and the handler. */
  readonly behind?: (app: Express, watched: () => Watch) => void;
}

export interface Seen<T> {
  readonly value: T;
  readonly watch: Watch;
  readonly req: Loose;
  /** What was recorded, where anything was. */
  readonly reads: Record<string, unknown>;
}

export const put =
  (properties: object): RequestHandler =>
  (req, _res, next) => {
    Object.assign(req, properties);
    next();
  };

export const readsOf = (watched: Watch) => ({
  ...(watched.fields.size > 0 && { fields: [...watched.fields].sort() }),
  ...(watched.cookies.size > 0 && { cookies: [...watched.cookies].sort() }),
  ...(watched.others.size > 0 && { others: [...watched.others].sort() }),
  ...(watched.wholesale && { wholesale: true }),
});

export const WATCHED: WatchRules = {
  cookiesShown: undefined,
  conditions: {},
  keyed: { scheme: 'http', authority: '' },
  unrecorded: false,
};

/** Watches one request, and gives what its handler made of it. */
export async function handled<T>(
  handler: (req: Loose, res: Response, watched: Watch) => T,
  scene: Scene = {},
): Promise<Seen<Awaited<T>>> {
  let seen: Seen<Awaited<T>> | undefined;
  let watched: Watch | undefined;
  const { ask } = shop((app) => {
    scene.upstream?.(app);
    app.use((req, _res, next) => {
      watched = watch(req, { ...WATCHED, keyed: requestHead(req), ...scene.rules });
      next();
    });
    scene.behind?.(app, () => watched!);
    app.get('/', async (req, res) => {
      const value = await handler(req as Loose, res, watched!);
      seen = { value, watch: watched!, req: req as Loose, reads: readsOf(watched!) };
      if (!res.writableEnded) res.end();
    });
  });
  const answer = await ask('/', scene.fields);
  if (seen === undefined) throw new Error(answer.body.toString());
  return seen;
}

export const readsIn = async (read: (req: Loose, res: Response) => unknown, scene?: Scene) =>
  (await handled(read, scene)).reads;

/** A property as assigning makes it. */
export const plain = (value: unknown) => ({ value, writable: true, enumerable: true, configurable: true });
