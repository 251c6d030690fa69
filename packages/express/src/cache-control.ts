import { type CacheControlDirectives, type ClientDirectives, resolveDirectives } from '@larder/core';
import type { RequestHandler, Response } from 'express';
import { applyHead, varyBy } from './head.ts';

/** What a preset wrote, to be told from a Cache-Control that the handler wrote itself. */
const written = new WeakMap<Response, ClientDirectives>();

/**
 * Tells browsers and CDNs how long they may keep the route's responses (RFC 9111 §5.2.2, RFC 9213); a handler that
 * sets Cache-Control itself overrules all of it. What Larder keeps is `cacheResponse`'s business: where that has a
 * `ttl` it heeds of a preset only `no-store` and `private`.
 *
 * @throws LarderError `LARDER_INVALID_CACHE_CONTROL`
 */
export function cacheControl(directives: CacheControlDirectives): RequestHandler {
  const preset = resolveDirectives(directives);
  return function larderCacheControl(_, res, next) {
    res.setHeader('Cache-Control', preset.cacheControl);
    for (const [name, value] of preset.targeted) res.setHeader(name, value);
    if (preset.expiresIn !== undefined) res.setHeader('Expires', inSeconds(preset.expiresIn));
    varyBy(res, preset.vary);
    give(res, preset);
    next();
  };
}

function give(res: Response, preset: ClientDirectives): void {
  written.set(res, preset);
  if (preset.expiresIn !== undefined || preset.targeted.length > 0) withdrawAtLast(res);
}

/** A response with the fields of another is under the same preset. */
export function carryPreset(from: Response, to: Response): void {
  const preset = written.get(from);
  if (preset !== undefined) give(to, preset);
}

const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString();

/** What a preset has said to the response's clients; undefined where the handler has spoken for itself. */
export function presetOf(res: Response): ClientDirectives | undefined {
  const preset = written.get(res);
  if (preset === undefined || res.getHeader('Cache-Control') === preset.cacheControl) return preset;
  // Left there, what it says besides would allow a CDN what the handler forbids.
  for (const [name, value] of preset.targeted) if (res.getHeader(name) === value) res.removeHeader(name);
  if (preset.expiresIn !== undefined) res.removeHeader('Expires');
  written.delete(res);
  return undefined;
}

const ours = new WeakSet<Response['writeHead']>();

/** Whether `writeHead` was wrapped by a preset, which changes nothing that was promised of the response. */
export const isOfPreset = (writeHead: Response['writeHead']): boolean => ours.has(writeHead);

function withdrawAtLast(res: Response): void {
  const { writeHead } = res;
  res.writeHead = function withPreset(status: number, ...args: unknown[]) {
    if (!res.headersSent) {
      applyHead(res, status, args);
      presetOf(res);
    }
    return writeHead.call(res, status);
  } as Response['writeHead'];
  ours.add(res.writeHead);
}
