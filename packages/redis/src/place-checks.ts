import type { ConnectionOptions } from 'node:tls';
import { invalidOptions, knownOptions } from '@larder/core';

/** Checks of places, where a tier is made. All throw LarderError `LARDER_INVALID_OPTIONS`. */

/** Without what a client would take from its query: what a tier is set to is not for an address to say. */
export function checkedUrl(given: string | URL): string {
  if (!/^(?:rediss?|unix):\/\//.test(String(given)) || !URL.canParse(String(given))) throw noPlace(given);
  const { protocol, pathname, search } = new URL(given);
  if (search !== '')
    throw invalidOptions('redisTier', `a URL with ${search.slice(0, 20)}`, 'give options beside the URL');
  if (protocol !== 'unix:' && !/^\/?\d*$/.test(pathname))
    throw invalidOptions('redisTier', `a URL with ${pathname.slice(0, 20)}`, 'give the number of a database');
  return String(given);
}

export const noPlace = (given: unknown) =>
  invalidOptions(
    'redisTier',
    given instanceof URL ? given.protocol : given,
    'give a redis://, rediss:// or unix:// URL, { host, port }, { sentinels, name }, { cluster }, or an ioredis client',
  );

const TEXTS = ['host', 'path', 'username', 'password', 'sentinelUsername', 'sentinelPassword'];

/** Whatever of them there is. */
export function checkMembers(place: object): void {
  const given = place as Record<string, unknown>;
  for (const name of TEXTS) {
    if (given[name] !== undefined && (typeof given[name] !== 'string' || given[name] === ''))
      throw invalidOptions(`redisTier.${name}`, typeof given[name], 'give a text');
  }
  for (const name of ['tls', 'sentinelTls']) {
    if (given[name] !== undefined && given[name] !== true && !isObject(given[name]))
      throw invalidOptions(`redisTier.${name}`, given[name], 'give true, or what tls.connect of Node takes');
  }
  const { port, db, natMap } = given;
  if (port !== undefined) checkPort('redisTier.port', port);
  if (db !== undefined && !(Number.isSafeInteger(db) && (db as number) >= 0))
    throw invalidOptions('redisTier.db', db, 'give the number of a database, 0 or more');
  if (natMap !== undefined && !isObject(natMap))
    throw invalidOptions('redisTier.natMap', natMap, 'give an object of { host, port } by "host:port"');
}

/** One or more, with a port each. */
export function addresses(
  option: string,
  given: unknown,
  defaultPort: number,
): { host: string; port: number }[] {
  if (!Array.isArray(given) || given.length === 0)
    throw invalidOptions(`redisTier.${option}`, given, 'give one or more of { host, port }');
  return given.map((address: unknown, i) => {
    const path = `redisTier.${option}[${i}]`;
    knownOptions(path, address, ['host', 'port']);
    const { host, port = defaultPort } = address as { host?: unknown; port?: unknown };
    if (typeof host !== 'string' || host === '') throw invalidOptions(`${path}.host`, host, 'give a host');
    return { host, port: checkPort(`${path}.port`, port) };
  });
}

export const tlsOptions = (tls: true | ConnectionOptions): ConnectionOptions => (tls === true ? {} : tls);

function checkPort(path: string, given: unknown): number {
  if (Number.isSafeInteger(given) && (given as number) > 0 && (given as number) < 65_536)
    return given as number;
  throw invalidOptions(path, given, 'give a number, 1 to 65535');
}

const isObject = (given: unknown): boolean =>
  typeof given === 'object' && given !== null && !Array.isArray(given);
