import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../files/temporary.ts';
import { eventually } from '../process/eventually.ts';
import { ask } from '../resp/ask.ts';
import type { Reply } from '../resp/reader.ts';
import type { LocalRedis, Progress } from '../server.ts';
import { localRedis, type RedisProgram } from './find.ts';
import { atOnce, type Enlist, everyOne, together } from './group.ts';
import { isInStep } from './probe.ts';
import { runRedis } from './spawn.ts';

export interface SentinelOptions {
  /** Default 2. */
  readonly replicas?: number | undefined;
  /** Default 3. Most of them must agree before anything is done. */
  readonly sentinels?: number | undefined;
  /** For the primary and the replicas. */
  readonly args?: readonly string[] | undefined;
  readonly onProgress?: Progress | undefined;
}

export interface LocalSentinels {
  /** What the sentinels call it. */
  readonly name: string;
  readonly sentinels: readonly (LocalRedis & { readonly host: string })[];
  /** The first is the primary at first. */
  readonly nodes: readonly LocalRedis[];
  /** Whom the sentinels name that are alive; rejects while they do not agree. */
  primary(): Promise<LocalRedis>;
  stop(): Promise<void>;
}

const NAME = 'larder';
const HOST = '127.0.0.1';

/**
 * One primary, its replicas, and sentinels that have found all of them and each other: a primary that is killed is
 * replaced within seconds.
 */
export async function spawnSentinel(options: SentinelOptions = {}): Promise<LocalSentinels> {
  const { replicas = 2, sentinels: count = 3, args = [] } = options;
  const program = await localRedis(options.onProgress);
  return together(async (enlist) => {
    const nodes = await spawnReplicated(program, replicas, args, enlist);
    const sentinels = await atOnce(count, () => enlist(spawnOne(program, nodes[0]!, count)));
    await eventually('the sentinels know everybody', () =>
      everyOne(sentinels, ({ port }) => knowsAll(port, replicas, count - 1)),
    );
    return { name: NAME, sentinels, nodes, primary: () => agreed(sentinels, nodes) };
  });
}

async function spawnReplicated(
  program: RedisProgram,
  replicas: number,
  args: readonly string[],
  enlist: Enlist,
): Promise<LocalRedis[]> {
  const quick = ['--repl-diskless-sync-delay', '0', ...args];
  const primary = await enlist(runRedis(program, { args: quick }));
  const following = [...quick, '--replicaof', HOST, String(primary.port)];
  const others = await atOnce(replicas, () => enlist(runRedis(program, { args: following })));
  // Sentinels look for replicas when they begin, and then not again for ten seconds.
  await eventually('the replicas are in step', () => everyOne(others, isInStep));
  return [primary, ...others];
}

async function spawnOne(program: RedisProgram, primary: LocalRedis, sentinels: number) {
  const folder = await temporaryFolder('sentinel');
  const file = join(folder.path, 'sentinel.conf');
  const quorum = Math.floor(sentinels / 2) + 1;
  await writeFile(
    file,
    `sentinel monitor ${NAME} ${HOST} ${primary.port} ${quorum}
sentinel down-after-milliseconds ${NAME} 1000
sentinel failover-timeout ${NAME} 5000
`,
  );
  try {
    const sentinel = await runRedis(program, { args: [file, '--sentinel'] });
    const stop = async () => {
      await sentinel.stop();
      await folder.remove();
    };
    return { ...sentinel, host: HOST, stop };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function knowsAll(port: number, replicas: number, colleagues: number): Promise<boolean> {
  return (
    (await healthy(port, 'REPLICAS', 'slave')) === replicas &&
    (await healthy(port, 'SENTINELS', 'sentinel')) === colleagues
  );
}

/** How many of them one sentinel knows, and nothing bad about. */
async function healthy(port: number, kind: 'REPLICAS' | 'SENTINELS', flags: string): Promise<number> {
  const reply = (await ask(port, 'SENTINEL', kind, NAME)) as readonly Reply[];
  return reply.filter((one) => fieldsOf(one).get('flags') === flags).length;
}

function fieldsOf(reply: Reply): Map<string, string> {
  const parts = reply as readonly string[];
  return new Map(parts.flatMap((part, i) => (i % 2 === 0 ? [[part, parts[i + 1]!]] : [])));
}

async function agreed(sentinels: readonly LocalRedis[], nodes: readonly LocalRedis[]): Promise<LocalRedis> {
  const answers = await Promise.allSettled(
    sentinels.map(({ port }) => ask(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)),
  );
  const ports = new Set(
    answers
      .filter((answer) => answer.status === 'fulfilled')
      .map(({ value }) => Number((value as readonly string[])[1])),
  );
  const primary = nodes.find(({ port }) => ports.has(port));
  if (ports.size !== 1 || primary === undefined) throw new Error(`the sentinels name ${[...ports]}`);
  return primary;
}
