import { createRequire } from 'node:module';
import type express from 'express';

export type Framework = typeof express;

export interface Version {
  readonly express: Framework;
  readonly major: 4 | 5;
  /** Of Express, and of the router that it brings where that is a package of its own. */
  readonly name: string;
}

const require = createRequire(import.meta.url);

function version(alias: string): Version {
  const manifest = require.resolve(`${alias}/package.json`);
  const { version: own, dependencies } = require(manifest);
  const router = dependencies.router && createRequire(manifest)('router/package.json').version;
  const name = router === undefined ? own : `${own} with router ${router}`;
  return { express: require(alias), major: own.startsWith('4') ? 4 : 5, name: `express ${name}` };
}

export const VERSIONS: readonly Version[] = [
  'express-4.17',
  'express-4.21',
  'express-4',
  'express-5.0',
  'express-5.1',
  'express',
].map(version);
