import type { Request, Response } from 'express';
import { type Arrived, follow } from './follow.ts';
import { isRouter, type Layer, type Params } from './internals.ts';
import type { Stage, Trail } from './trail.ts';

/**
 * The URL as the outermost router has it. A router takes its mount path off, and makes an empty rest "/". Where it was
 * rewritten, that slash can no longer be told from one that was there.
 */
export function urlOutside({ baseUrl, url, originalUrl }: Request): string | undefined {
  const routed = baseUrl + url;
  const unslashed = baseUrl + url.slice(1);
  if (routed === originalUrl || (baseUrl !== '' && unslashed === originalUrl)) return originalUrl;
  return baseUrl !== '' && /^\/(?:\?|$)/.test(url) ? undefined : routed;
}

/** Whether a request for `url` comes along this trail to where the live one is, in every respect. */
export function leadsTo(trail: Trail, url: string, live: Request): boolean {
  if (!isOnItsRoute(trail, live.route)) return false;
  let reached = false;
  const isMerged = isMerging(trail.findLast(({ kind }) => kind === 'router')!);
  const arrived: Arrived = (req, _res, _next, own) => {
    reached =
      req.url === live.url &&
      req.baseUrl === live.baseUrl &&
      isSameParams(req.params, own, live.params, isMerged);
  };
  const probe = { method: 'GET', url, originalUrl: live.originalUrl, baseUrl: '', headers: {} };
  const alone = trail.map((stage) => ({ ...stage, rest: [] }));
  follow(alone, { arrived, matched: {} }, probe as Request, {} as Response, () => {});
  return reached;
}

/** Handlers may have changed what the last layer matched, which is copied; what came down to it they may not. */
function isSameParams(found: Params, own: Params, live: Params, isMerged: boolean): boolean {
  const isThere = (name: string) => name in live && (found[name] === live[name] || name in own);
  if (!Object.keys(found).every(isThere)) return false;
  return !isMerged || Object.keys(live).every((name) => name in found);
}

/**
 * Handlers of parameters may have changed what a router in the middle has merged into its own, and only a middleware
 * that stands in nothing but such routers can see it.
 */
export function mayHideParams(trail: Trail): boolean {
  const routers = trail.filter(({ kind }) => kind === 'router');
  const seen = routers.findLastIndex((stage) => !isMerging(stage));
  return routers.some(
    (stage, i) => i > 0 && i < seen && isMerging(stage) && hasParamHandlers(routers[i - 1]!),
  );
}

const isMerging = ({ kind, owner }: Stage): boolean => kind === 'router' && owner.mergeParams === true;

const hasParamHandlers = ({ kind, owner }: Stage): boolean =>
  kind === 'router' && Object.keys(owner.params).length > 0;

/** The route that a request came to last is the trail's own, or one that has passed it on before. */
function isOnItsRoute(trail: Trail, route: unknown): boolean {
  const last = trail.at(-1)!;
  if (last.kind === 'route') return route === last.owner;
  return (
    route === undefined || trail.some(({ owner, layer }) => holdsRoute(passed(owner.stack, layer), route))
  );
}

const passed = (stack: readonly Layer[], layer: Layer): readonly Layer[] =>
  stack.slice(0, stack.indexOf(layer));

function holdsRoute(layers: readonly Layer[], wanted: unknown, above: readonly unknown[] = []): boolean {
  return layers.some(
    ({ handle, route }) =>
      route === wanted ||
      (isRouter(handle) && !above.includes(handle) && holdsRoute(handle.stack, wanted, [...above, handle])),
  );
}
