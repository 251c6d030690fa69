import type { Request } from 'express';
import type { App } from './internals.ts';

/** The app of a request and all that it is mounted in, the outermost first. */
export function appsAround(req: Request): [App, ...App[]] {
  const apps: [App, ...App[]] = [req.app as unknown as App];
  for (let app = apps[0].parent; app !== undefined && !apps.includes(app); app = app.parent)
    apps.unshift(app);
  return apps;
}

/**
 * Whether a server asks this app itself, which then has the last word. One that another framework mounted, or a bare
 * router, passes what it has no answer for on to somebody unknown.
 */
export function isOutermost(app: App, { socket }: Request): boolean {
  const { server } = socket as { server?: NodeJS.EventEmitter };
  return server?.listeners('request').includes(app as never) === true;
}
