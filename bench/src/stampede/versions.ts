import { readFileSync } from 'node:fs';
import { WAYS, type WayName } from './ways.ts';

const FOLDER = new URL('../../node_modules/', import.meta.url);

/** `bentocache 1.6.1` and the like, for all that the ways are made of. */
export function versions(ways: readonly WayName[]): string[] {
  const names = new Set(['express', ...ways.flatMap((way): readonly string[] => WAYS[way].packages)]);
  return [...names].map((name) => {
    const file = readFileSync(new URL(`${name}/package.json`, FOLDER), 'utf8');
    return `${name} ${(JSON.parse(file) as { version: string }).version}`;
  });
}
