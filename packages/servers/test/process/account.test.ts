import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { reaches } from '../../src/process/account.ts';

const stranger = { uid: 65533, gid: 65533 };
let open: string;

beforeEach(async () => {
  open = await mkdtemp(join(tmpdir(), 'larder-test-'));
  await chmod(open, 0o755);
});
afterEach(() => rm(open, { recursive: true }));

it('an account reaches a folder when every folder on the way lets it pass', () => {
  expect(reaches(stranger, '/')).toBe(true);
  expect(reaches(stranger, open)).toBe(reaches(stranger, tmpdir()));
});

it('an account does not reach past a folder that is closed to it', async () => {
  const beyond = join(open, 'closed', 'open');
  await mkdir(beyond, { recursive: true });
  await chmod(join(open, 'closed'), 0o700);
  expect(reaches(stranger, beyond)).toBe(false);
});
