import type { Request } from 'express';
import { appsAround, isOutermost } from './apps.ts';
import { type Forwarding, type ForwardingParts, forwardable, startable } from './forwarding.ts';
import { PLACE, unseenRequest } from './unseen-request.ts';
import { unseenResponse } from './unseen-response.ts';

/**
 * The triggering request once more, for nobody, through the whole app: all that stands before the cache runs again,
 * and the cache is asked again. For who wants authentication anew, and what it costs. Until it is started it is where
 * the triggering request is.
 */
export const dispatching = ({
  req,
  res,
  shown,
}: Omit<ForwardingParts, 'own' | 'before'>): Forwarding | undefined =>
  forwardable(req, res, () => {
    const { originalUrl } = req;
    const [app] = appsAround(req);
    const hasLastWord = isOutermost(app, req);
    const unseen = unseenRequest(req, shown, 'none');
    const response = unseenResponse(unseen);
    return startable(unseen, response, (left) => {
      leavePlace(unseen, originalUrl);
      app.handle(unseen, response, hasLastWord ? undefined : left);
    });
  });

function leavePlace(req: Request, originalUrl: string): void {
  for (const name of PLACE) Reflect.deleteProperty(req, name);
  req.url = originalUrl;
}
