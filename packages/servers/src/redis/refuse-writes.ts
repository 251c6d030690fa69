import { rm } from 'node:fs/promises';
import { eventually } from '../process/eventually.ts';
import { ask } from '../resp/ask.ts';
import type { LocalRedis } from '../server.ts';

/**
 * Has a Redis refuse every write, as one that cannot write to its disk. Before version 7 no other refusal holds for
 * scripts as well and leaves reads alone. Returns what ends it.
 */
export async function refuseWrites({ port }: Pick<LocalRedis, 'port'>): Promise<() => Promise<void>> {
  const folder = await setting(port, 'dir');
  const save = await setting(port, 'save');
  await rm(folder, { recursive: true, force: true });
  await ask(port, 'CONFIG', 'SET', 'save', '3600 1');
  if (!(await cannotSave(port))) await ask(port, 'BGSAVE');
  await eventually('it has found that it cannot save', () => cannotSave(port));
  return async () => void (await ask(port, 'CONFIG', 'SET', 'save', save));
}

const cannotSave = async (port: number): Promise<boolean> =>
  String(await ask(port, 'INFO', 'persistence')).includes('rdb_last_bgsave_status:err');

async function setting(port: number, name: string): Promise<string> {
  const [, value] = (await ask(port, 'CONFIG', 'GET', name)) as [string, string];
  return value;
}
