import { onTestFinished } from 'vitest';
import { PATIENT } from '../support/patient.ts';
import type { Setup } from '../support/process.ts';
import { type AtEnd, poll, type Reply, type Shop, startShop, times } from '../support/shop.ts';
import { following, keptBy, runOf } from './kit.ts';

/** Those who live on: one has what is asked for in its memory, the other has what Redis has. */
export interface Survivors {
  readonly remembering: Shop;
  readonly forgetful: Shop;
  readonly setup: Setup;
}

export async function survivors(
  redis: Setup['redis'],
  namespace: string,
  atEnd: AtEnd = onTestFinished,
  policy: Setup['policy'] = { ttl: 600 },
): Promise<Survivors> {
  const fills = { waitTimeout: 3600, fillTimeout: 3600 };
  const tier = { ...PATIENT, names: 'text' } as const;
  const setup: Setup = { redis, namespace, policy, fills, tier, mortal: false };
  const [remembering, forgetful] = await Promise.all([
    startShop(setup, atEnd),
    startShop({ ...setup, memory: false }, atEnd),
  ]);
  await following([remembering]);
  return { remembering, forgetful, setup };
}

/** What a process does that dies doing it. */
export interface Deed {
  readonly name: string;
  /** Of what it invalidates, a path each, with the tag that each has of its own. */
  paths(about: string): readonly string[];
  begin(shop: Shop, about: string): Promise<{ readonly state: string }>;
}

/** As an app calls it: the tag of the path, and no more. */
export const hardly: Deed = {
  name: 'a tag',
  paths: (about) => [`/${about}/${about}`],
  begin: (shop, about) => shop.call('invalidate', about),
};

export const softly: Deed = {
  ...hardly,
  name: 'a tag, softly',
  begin: (shop, about) => shop.call('invalidate', about, { soft: true }),
};

export const everything: Deed = {
  ...hardly,
  name: 'everything',
  begin: (shop) => shop.call('invalidateAll'),
};

export const byPattern: Deed = {
  ...hardly,
  name: 'what a pattern matches',
  begin: (shop, about) => shop.call('invalidateMatching', { tags: `?${about.slice(1)}` }),
};

/** Tags that lie on several nodes, where there are several. */
const TAGS = 6;
/** The same each time: how many nodes are told depends on their names. */
const tags = times(TAGS, (i) => `tag-${i}`);
export const several: Deed = {
  name: 'several tags',
  paths: (about) => tags.map((tag) => `/${about}/${tag}`),
  begin: (shop) => shop.call('invalidate', tags),
};

/** More than are told in one step. */
const CALLS = 20;
const TAGS_A_CALL = 60;
const tagsOf = (about: string, call: number) => times(TAGS_A_CALL, (i) => `${about}-${call}-${i}`);
export const burst: Deed = {
  name: 'a burst of tags',
  paths: (about) => times(CALLS, (call) => `/${about}/${tagsOf(about, call).at(-1)}`),
  async begin(shop, about) {
    const groups = times(CALLS, (call) => tagsOf(about, call));
    const told = await shop.call('invalidateEach', groups);
    return { state: told.every(({ state }) => state === 'done') ? 'done' : 'pending' };
  },
};

/** What has become of an entry: it is served as before by everybody, or by nobody. */
export type Fate = 'kept' | 'gone';

/** Resolves once both are of one mind, and does not where the memory of one serves for ever what Redis no longer has. */
async function fateOf({ remembering, forgetful }: Survivors, path: string, old: Reply): Promise<Fate> {
  const found = await forgetful.ask(path);
  const fate: Fate = found.x === 'HIT' && runOf(found) === runOf(old) ? 'kept' : 'gone';
  await poll(async () => {
    const replies = [await remembering.ask(path), await forgetful.ask(path)];
    return replies.map((reply) => (runOf(reply) === runOf(old) ? 'kept' : 'gone'));
  }).toEqual([fate, fate]);
  return fate;
}

export interface Death {
  /** Writes to Redis that it lived to see executed; none: until it was told that all is done. */
  readonly behind: number | undefined;
  readonly fates: readonly Fate[];
}

/** A process begins it, and is killed behind so many of its writes; or as soon as it knows that all is done. */
export async function dies(
  living: Survivors,
  dying: Shop,
  deed: Deed,
  about: string,
  behind: number | undefined,
): Promise<Death> {
  const { remembering, forgetful } = living;
  const paths = deed.paths(about);
  const old: Reply[] = [];
  for (const path of paths) old.push(await keptBy([remembering, forgetful, dying], path));
  if (behind !== undefined) await dying.call('dieBehind', behind);
  const begun = deed.begin(dying, about);
  if (behind === undefined) {
    const { state } = await begun;
    if (state !== 'done') throw new Error(`it resolved ${state}`);
    await dying.kill('SIGKILL');
  }
  await dying.exited;
  const fates: Fate[] = [];
  for (const [i, path] of paths.entries()) fates.push(await fateOf(living, path, old[i]!));
  return { behind, fates };
}

/** Processes that die one after another, each behind another write; the last one knows that all is done. */
export async function everyDeath(
  living: Survivors,
  deed: Deed,
  behinds: readonly number[],
): Promise<readonly Death[]> {
  const deaths: Death[] = [];
  const names = deed.name.replace(/\W+/g, '-');
  for (const behind of [...behinds, undefined]) {
    const dying = await startShop({ ...living.setup, mortal: true });
    const about = `${names}-${behind ?? 'done'}`;
    deaths.push(await dies(living, dying, deed, about, behind));
  }
  return deaths;
}

/** How many writes it takes; they are found in the scripts' caches of all nodes afterwards. */
export async function writesOf(living: Survivors, deed: Deed): Promise<number> {
  const shop = await startShop({ ...living.setup, mortal: true });
  const count = async (about: string) => {
    for (const path of deed.paths(about)) await keptBy([living.remembering, shop], path);
    const { written } = await shop.call('written');
    await deed.begin(shop, about);
    return (await shop.call('written')).written - written;
  };
  // The first time Redis does not know the scripts, and each is sent twice.
  await count(`${deed.name.replace(/\W+/g, '-')}-first`);
  const writes = await count(`${deed.name.replace(/\W+/g, '-')}-whole`);
  await shop.kill('SIGKILL');
  return writes;
}
