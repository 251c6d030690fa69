import { controlsOf } from './controls.ts';
import { FillCapture } from './fill-capture.ts';
import type { FillCaptureParts } from './fill-parts.ts';
import { type Ahead, begin, endWhenOver } from './ongoing.ts';

/** From here on what the response's handler sends is captured; `ahead` is for a policy nearer to it. */
export function captured(parts: FillCaptureParts, ahead?: Ahead): void {
  const { cache, res, visit, fill, live } = parts;
  begin(res, { visit, fill, capture: new FillCapture(parts), ahead, live });
  if (visit.isUnseen) endWhenOver(res, fill);
  res.cache = controlsOf(cache, fill);
}
