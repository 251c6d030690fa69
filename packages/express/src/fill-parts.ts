import type { Cache, Fill } from '@larder/core';
import type { Response } from 'express';
import type { FilledRequestParts } from './filled-request.ts';
import type { Visit } from './visit.ts';

/** A response on its way into the cache, and all that is known of it before its handler begins. */
export interface FillCaptureParts extends FilledRequestParts {
  readonly cache: Cache;
  readonly res: Response;
  readonly fill: Fill;
  readonly visit: Visit;
  /** Something upstream rewrites responses: what we promise of one may not hold further out. */
  readonly wrapped: boolean;
  /** For a write: everything that it made out of date is invalidated. */
  readonly invalidated: Promise<void> | undefined;
}
