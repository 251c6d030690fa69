import type { FieldLine, HandlerHead, Reads } from '@larder/core';
import type { Response } from 'express';
import { presetOf } from './cache-control.ts';
import { linesOf, removedNames, unchangedNames } from './head.ts';

/** What a handler has made of a response that had the lines `before` when its turn came. */
export function handlerHead(
  res: Response,
  before: readonly FieldLine[],
  reads: Reads,
  route: string,
): HandlerHead {
  const preset = presetOf(res);
  const lines = linesOf(res);
  return {
    status: res.statusCode,
    lines,
    inherited: unchangedNames(before, lines),
    removed: removedNames(before, res),
    directivesForClients: preset !== undefined,
    expiresIn: preset?.expiresIn,
    reads,
    route,
  };
}
