import type { Redis } from 'ioredis';
import type { Sample, Size } from './facts.ts';
import type { OurKeys } from './our-keys.ts';

const PAGE = 1000;
const MAX_PAGES = 100;

/** Goes through the database, a page at a time and never further than needed, until enough of ours are found. */
export async function takeSample(connection: Redis, keys: OurKeys, wanted: number): Promise<Sample> {
  const total = await connection.dbsize();
  const ours = new Set<string>();
  let cursor = '0';
  for (let page = 1; page <= MAX_PAGES; page++) {
    const [next, names] = await connection.scan(cursor, 'MATCH', keys.pattern, 'COUNT', PAGE);
    for (const name of names.filter(keys.isOurs)) ours.add(name);
    cursor = next;
    if (cursor === '0') return { keys: total, visited: total, ours: [...ours] };
    if (ours.size >= wanted) return { keys: total, visited: Math.min(total, page * PAGE), ours: [...ours] };
  }
  return { keys: total, visited: Math.min(total, MAX_PAGES * PAGE), ours: [...ours] };
}

/** What PTTL says of each that is still there: -1 for one that never ends. */
export async function ttlsOf(connection: Redis, names: readonly string[]): Promise<number[]> {
  const replies = await together(
    connection,
    names.map((name) => ['pttl', name]),
  );
  return replies.map(Number).filter((ttl) => ttl !== -2);
}

export async function sizesOf(connection: Redis, names: readonly string[]): Promise<Size[]> {
  const replies = await together(
    connection,
    names.map((name) => ['memory', 'USAGE', name]),
  );
  return names.flatMap((name, i) => (replies[i] === null ? [] : [{ name, bytes: Number(replies[i]) }]));
}

async function together(connection: Redis, commands: string[][]): Promise<unknown[]> {
  const replies = (await connection.pipeline(commands).exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}
