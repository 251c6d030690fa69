import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const packages = ['core', 'redis', 'express', 'prometheus', 'postgres'].map((name) =>
  join('packages', name, 'README.md'),
);
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...packages,
  ...readdirSync(join(root, 'docs')).map((name) => join('docs', name)),
];

const changesets = readdirSync(join(root, '.changeset')).filter((name) => name.endsWith('.md'));

/** A page's TypeScript, as files that would stand in the demo, which knows every package. */
const snippets = new Map(
  pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map(
      (match, i): [string, string] => [
        join(root, 'apps/demo/src', `${page.replaceAll(/\W/g, '-')}-${i}.ts`),
        match[1]!,
      ],
    ),
  ),
);

describe('the docs', () => {
  it('have snippets that compile', () => {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
    // Packages of ours, whether or not the demo uses them.
    const paths = { '@larder/*': ['./packages/*/src/index.ts'] };
    const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, paths }, root);
    const host = ts.createCompilerHost(options);
    const { readFile, fileExists } = host;
    host.readFile = (file) => snippets.get(file) ?? readFile(file);
    host.fileExists = (file) => snippets.has(file) || fileExists(file);
    const program = ts.createProgram([...snippets.keys()], { ...options, noUnusedLocals: false }, host);
    const mistakes = ts
      .getPreEmitDiagnostics(program)
      .map(({ file, messageText }) => [
        file?.fileName.slice(root.length),
        ts.flattenDiagnosticMessageText(messageText, ' '),
      ]);
    expect(snippets.size).toBeGreaterThan(10);
    expect(mistakes).toEqual([]);
  }, 60_000);

  it.each(changesets)(
    'say in %s which packages it is about, as what it is released with reads it',
    (name) => {
      const text = readFileSync(join(root, '.changeset', name), 'utf8');
      expect(text).toMatch(/^---\n(?:'@larder\/[a-z]+': (?:major|minor|patch)\n)+---\n\n\S/);
    },
  );

  it('link to pages that are there', () => {
    for (const page of pages) {
      const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g);
      for (const [, link] of links) {
        expect(ts.sys.fileExists(resolve(root, page, '..', link!)), `${page}: ${link}`).toBe(true);
      }
    }
  });
});
