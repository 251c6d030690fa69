import { ask } from '../resp/ask.ts';

/** What a node of a cluster says of itself. */
export interface OwnLine {
  readonly isPrimary: boolean;
  readonly epoch: number;
  has(slot: number): boolean;
}

export async function ownLine(port: number): Promise<OwnLine> {
  const lines = String(await ask(port, 'CLUSTER', 'NODES')).split('\n');
  const own = lines.find((line) => line.includes('myself'))!;
  // <id> <address> <flags> <primary> <ping> <pong> <epoch> <link> <slots…>
  const [, , flags = '', , , , epoch, , ...slots] = own.split(' ');
  const ranges = slots.filter((slot) => !slot.startsWith('[')).map((range) => range.split('-').map(Number));
  return {
    isPrimary: flags.split(',').includes('master'),
    epoch: Number(epoch),
    has: (slot) => ranges.some(([first, last = first]) => slot >= first! && slot <= last!),
  };
}
