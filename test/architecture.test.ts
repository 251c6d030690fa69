import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Which package may know which; a package that is not here may not be imported by any. */
const DIRECTION: Record<string, readonly string[]> = {
  core: [],
  redis: ['core'],
  express: ['core'],
  prometheus: ['core'],
  postgres: ['core'],
  servers: [],
};

/** Third parties that a package's source may import; types count. */
const DEPENDENCIES: Record<string, readonly string[]> = {
  core: ['lru-cache'],
  redis: ['cluster-key-slot', 'ioredis'],
  express: ['debug', 'express'],
  prometheus: ['prom-client'],
  postgres: ['pg'],
};

interface Import {
  readonly file: string;
  readonly from: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g);
  return [...found].map((match) => ({ file: relative(root, file), from: match[1]! }));
}

const importsIn = (name: string): Import[] => sources(join(root, 'packages', name, 'src')).flatMap(importsOf);
const own = (folder: string) => sources(join(root, 'packages/core/src', folder)).flatMap(importsOf);

describe('the architecture', () => {
  it.each(Object.keys(DIRECTION))('%s knows only the packages below it', (name) => {
    const allowed = DIRECTION[name]!.map((known) => `@larder/${known}`);
    const larder = importsIn(name).filter(({ from }) => from.startsWith('@larder/'));
    expect(larder.filter(({ from }) => !allowed.includes(from))).toEqual([]);
  });

  it.each(Object.keys(DEPENDENCIES))('%s depends on no third party but its own', (name) => {
    const outside = importsIn(name).filter(({ from }) => !/^(?:\.|node:|@larder\/)/.test(from));
    const inTesting = (file: string) => file.includes('/src/testing/');
    const allowed = ({ file, from }: Import) =>
      DEPENDENCIES[name]!.includes(from) || (from === 'vitest' && inTesting(file));
    expect(outside.filter((found) => !allowed(found))).toEqual([]);
  });

  it('http/ is pure: it imports only itself, and asks neither the clock nor chance', () => {
    expect(own('http').filter(({ from }) => !from.startsWith('./'))).toEqual([]);
    const impure = sources(join(root, 'packages/core/src/http')).filter((file) =>
      /\b(?:Date\.now|new Date\(\)|Math\.random|performance|process|Buffer)\b/.test(
        readFileSync(file, 'utf8'),
      ),
    );
    expect(impure).toEqual([]);
  });

  it('core asks the time of its clock alone, and chance where it is drawn', () => {
    const asking = sources(join(root, 'packages/core/src')).filter(
      (file) =>
        !/\/src\/(?:clock|random)\.ts$/.test(file) &&
        !file.includes('/src/testing/') &&
        /\b(?:Date\.now|performance\.now|Math\.random|setTimeout|setInterval)\b/.test(
          readFileSync(file, 'utf8'),
        ),
    );
    expect(asking.map((file) => relative(root, file))).toEqual([]);
  });

  it('stores know nothing of fills, lookups or the cache', () => {
    const upward = /\.\.\/(?:cache|fill|lookup|flight|memoize|policy|presets|bypass)\.ts$/;
    expect(own('store').filter(({ from }) => upward.test(from))).toEqual([]);
  });

  it('nothing inside a package imports its index', () => {
    const inside = Object.keys(DIRECTION).flatMap(importsIn);
    expect(inside.filter(({ from }) => /^\.{1,2}\/(?:.*\/)?index\.ts$/.test(from))).toEqual([]);
  });

  it.each(Object.keys(DIRECTION))('%s has no circle of imports', (name) => {
    const graph = new Map<string, string[]>();
    for (const { file, from } of importsIn(name)) {
      if (!from.startsWith('.')) continue;
      const target = relative(root, resolve(root, dirname(file), from));
      graph.set(file, [...(graph.get(file) ?? []), target]);
    }
    expect(circleIn(graph)).toBeUndefined();
  });

  it('files keep to one promise, which rarely takes more than 200 lines', () => {
    const long = Object.keys(DIRECTION)
      .flatMap((name) => sources(join(root, 'packages', name, 'src')))
      .filter((file) => !file.includes('/testing/') && readFileSync(file, 'utf8').split('\n').length > 240);
    expect(long.map((file) => relative(root, file))).toEqual([]);
  });
});

function circleIn(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of graph.get(file) ?? []) {
      const circle = walk(next, [...path, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const circle = walk(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
