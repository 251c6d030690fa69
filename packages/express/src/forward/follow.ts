import type { Request, Response } from 'express';
import { type App, type Next, type Params, standIn, withStack } from './internals.ts';
import type { Trail } from './trail.ts';

/** What happens at the end of a trail. */
export type Arrived = (req: Request, res: Response, next: Next, matched: Params) => void;

/** Where a request has come to on its trail. */
export interface Passage {
  readonly arrived: Arrived;
  /** The app that it is in. */
  readonly app?: App | undefined;
  /** What the last layer of a router matched. */
  readonly matched: Params;
}

/**
 * Goes along a trail through Express's own routers, and on with what stands behind it: each router is the app's own with
 * the stack that is left, whose first layer stands in for the one that was entered.
 */
export function follow(trail: Trail, passage: Passage, req: Request, res: Response, next: Next): void {
  const { arrived, app } = passage;
  const [stage, ...deeper] = trail;
  if (stage === undefined) {
    arrived(req, res, next, passage.matched);
  } else if (stage.kind === 'route') {
    const through = standIn(stage.layer, (...passed) => follow(deeper, passage, ...passed));
    withStack(stage.owner, [through, ...stage.rest]).dispatch(req, res, next);
  } else {
    let { matched } = passage;
    const through = standIn(
      stage.layer,
      (...passed) => follow(deeper, { arrived, app: stage.app ?? app, matched }, ...passed),
      (params) => {
        matched = params;
      },
    );
    const left = stage.app !== undefined && app !== undefined ? backIn(app, req, res, next) : next;
    withStack(stage.owner, [through, ...stage.rest]).handle(req, res, left);
  }
}

/** As Express does when an app that is mounted in another passes on. */
const backIn =
  (app: App, req: Request, res: Response, next: Next): Next =>
  (error) => {
    Object.setPrototypeOf(req, app.request);
    Object.setPrototypeOf(res, app.response);
    next(error);
  };
