import { ask } from '../resp/ask.ts';
import type { LocalRedis } from '../server.ts';

type Node = Pick<LocalRedis, 'port'> & { readonly id: string };

/**
 * `marked`: both nodes know that the slot moves, and no key has: absent ones are ASKed for at the other. `halfway`: half
 * of the keys have moved, and one command for keys of both halves is told TRYAGAIN. `emptied`: all have, and the slot
 * is still the old node's. After it, clients that do not know are told MOVED.
 */
export type MovePoint = 'marked' | 'halfway' | 'emptied';

export interface MoveOptions {
  /** The move goes on when this resolves. */
  readonly pause?: (at: MovePoint) => Promise<void> | void;
}

export async function moveSlot(
  slot: number,
  from: Node,
  to: Node,
  { pause = () => {} }: MoveOptions = {},
): Promise<void> {
  await ask(to.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
  await ask(from.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
  await pause('marked');
  const keys = await keysIn(slot, from);
  await migrate(keys.slice(0, Math.ceil(keys.length / 2)), from, to);
  await pause('halfway');
  // Those that came meanwhile are among the rest.
  for (let rest = await keysIn(slot, from); rest.length > 0; rest = await keysIn(slot, from)) {
    await migrate(rest, from, to);
  }
  await pause('emptied');
  // Who gets it hears first: the other way round nobody would have it for a moment. It tells all others.
  for (const { port } of [to, from]) await ask(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
}

const keysIn = async (slot: number, { port }: Node): Promise<readonly string[]> =>
  (await ask(port, 'CLUSTER', 'GETKEYSINSLOT', slot, 100_000)) as readonly string[];

async function migrate(keys: readonly string[], from: Node, to: Node): Promise<void> {
  if (keys.length === 0) return;
  await ask(from.port, 'MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'REPLACE', 'KEYS', ...keys);
}
