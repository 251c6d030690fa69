import { type Forwarding, type ForwardingParts, forwardable, startable } from './forwarding.ts';
import { remainderOf } from './remainder.ts';
import { unseenRequest } from './unseen-request.ts';
import { isBound, unseenResponseAs } from './unseen-response.ts';

/**
 * The triggering request once more, for nobody, through what stands behind `own` and nothing that stands before it.
 * To be asked for while `own` has not called `next`. Undefined where what stands behind is not certain, or would not find
 * its response as it would have been.
 */
export const forwarding = ({ own, req, res, before, shown }: ForwardingParts): Forwarding | undefined =>
  forwardable(req, res, () => {
    const remainder = isBound(res) ? undefined : remainderOf(own, req);
    if (remainder === undefined) return undefined;
    const unseen = unseenRequest(req, shown, 'kept');
    const response = unseenResponseAs(res, unseen, before);
    return startable(unseen, response, (left) => remainder.run(unseen, response, left));
  });
