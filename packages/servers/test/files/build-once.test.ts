import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildOnce } from '../../src/files/build-once.ts';

let folder: string;
let filled: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-test-'));
  filled = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const build = (fill = async (draft: string) => writeFile(join(draft, 'done'), '')) =>
  buildOnce({
    target: join(folder, 'tool'),
    isDone: async (candidate) => existsSync(join(candidate, 'done')),
    fill: async (draft) => {
      filled++;
      await fill(draft);
    },
  });

describe('buildOnce', () => {
  it('fills the folder the first time only', async () => {
    expect(await build()).toBe(join(folder, 'tool'));
    expect(await build()).toBe(join(folder, 'tool'));
    expect(filled).toBe(1);
  });

  it('ends with one whole folder when two build at once', async () => {
    await Promise.all([build(), build()]);
    expect(await readdir(folder)).toEqual(['tool']);
  });

  it('replaces a folder that is not whole', async () => {
    await mkdir(join(folder, 'tool'));
    await writeFile(join(folder, 'tool', 'half'), '');
    await build();
    expect(await readdir(join(folder, 'tool'))).toEqual(['done']);
  });

  it('leaves nothing when filling fails', async () => {
    await expect(build(() => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
    expect(await readdir(folder)).toEqual([]);
  });

  it('removes a draft that was abandoned, and leaves one that is being filled', async () => {
    await mkdir(join(folder, 'tool.draft-old'));
    await utimes(join(folder, 'tool.draft-old'), 0, 0);
    await mkdir(join(folder, 'tool.draft-new'));
    await build();
    expect(await readdir(folder)).toEqual(['tool', 'tool.draft-new']);
  });
});
