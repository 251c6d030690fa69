import { type Cache, invalidOptions } from '@larder/core';
import type { Pool } from 'pg';

/** What is handed in whole. Not by its class: there may be two copies of a package. All throw `LARDER_INVALID_OPTIONS`. */

export function cacheIn(option: string, given: Cache): Cache {
  if (typeof given?.invalidateTags !== 'function')
    throw invalidOptions(option, given, 'give the cache of createLarder()');
  return given;
}

export function poolIn(given: Pool): Pool {
  if (typeof given?.connect !== 'function') throw invalidOptions('pool', given, 'give a Pool of pg');
  return given;
}

const NAMESPACE = /^[A-Za-z0-9._-]{1,64}$/;

export function namespaceIn(option: string, given: unknown): string {
  if (typeof given !== 'string' || !NAMESPACE.test(given))
    throw invalidOptions(
      option,
      given,
      'give the namespace of a cache: 1–64 letters, digits, ".", "_" or "-"',
    );
  return given;
}
