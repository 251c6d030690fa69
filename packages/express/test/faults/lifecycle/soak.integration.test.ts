import { Agent } from 'node:http';
import { tcpProxy } from '@larder/servers';
import { expect, it, onTestFinished } from 'vitest';
import { amount, soakMs } from '../support/intensity.ts';
import { rig } from '../support/rig.ts';
import { poll, type Shop, times } from '../support/shop.ts';
import { History } from './history.ts';
import { type Mishap, mishaps, type Scene } from './mishaps.ts';

const CLIENTS = 12;
const PATHS = 30;
/** Of what is asked, one in so many is an invalidation. */
const WRITES = 25;
/** What a process has more or less of after the same work, by chance. */
const SLACK = 8 * 1024 * 1024;

const oneOf = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)]!;

async function scene(): Promise<Scene> {
  const made: { proxy?: Scene['proxy'] } = {};
  const shops = await rig({
    processes: 3,
    policy: { ttl: 2, staleWhileRevalidate: 2 },
    fills: {},
    tier: { breaker: { openMs: 200 } },
    async place({ port }) {
      const proxy = await tcpProxy(port);
      onTestFinished(() => proxy.stop());
      made.proxy = proxy;
      return proxy.url;
    },
  });
  return { ...shops, proxy: made.proxy! };
}

/** Clients that ask and write, each as soon as it is answered, until they are to stop. */
function traffic({ shops }: Scene, history: History) {
  // Long before a server hangs up on who says nothing: he might just be about to.
  const agent = new Agent({ keepAlive: true, timeout: 1000 });
  let over = false;
  const client = async () => {
    while (!over) {
      const [shop, path] = [oneOf(shops), `/item-${Math.floor(Math.random() * PATHS)}`];
      if (Math.random() < 1 / WRITES) await history.invalidate(shop);
      else await history.ask(shop, () => shop.ask(path, {}, agent));
    }
  };
  const all = Promise.all(times(CLIENTS, client));
  const stop = async () => {
    over = true;
    await all;
    agent.destroy();
  };
  onTestFinished(() => stop().catch(() => {}));
  /** Resolves once so many more have been answered, and rejects where one is not as it should be. */
  const more = async (count: number) => {
    const enough = history.reads + count;
    await Promise.race([all, poll(() => history.reads).toBeGreaterThan(enough)]);
  };
  return { stop, more };
}

/** Resolves once they share again what they store, and have told what they had to tell. */
async function recovered(shops: readonly Shop[]): Promise<void> {
  const stored = async (shop: Shop) => (await shop.call('told')).outcomes['set ok'] ?? 0;
  for (const shop of shops) {
    const before = await stored(shop);
    await poll(() => stored(shop)).toBeGreaterThan(before);
    await poll(async () => (await shop.call('told')).pending).toBe(0);
  }
}

/** What each of them holds; garbage may be among it. */
async function held(shops: readonly Shop[]): Promise<number[]> {
  const bytes: number[] = [];
  for (const shop of shops) {
    await shop.quiet();
    await shop.call('forget');
    const { heapUsed, external } = await shop.call('memory');
    bytes.push(heapUsed + external);
  }
  return bytes;
}

/** With nothing happening, or one thing after another. */
async function goThrough(made: Scene, history: History, what: readonly Mishap[]): Promise<void> {
  const { stop, more } = traffic(made, history);
  await more(200);
  for (const [name, happen] of what) {
    history.during = name;
    const heal = await happen(made);
    await more(75);
    await heal();
    history.during = `after ${name}`;
    await recovered(made.shops);
  }
  await stop();
}

it('F55: whatever happens, again and again, nobody is given what is out of date, and nothing gathers', {
  timeout: 180_000 + soakMs * 1.2,
}, async () => {
  const made = await scene();
  const history = new History(made.shops);
  const some = mishaps.slice(0, amount(6, Number.POSITIVE_INFINITY));
  await goThrough(made, history, []);
  const before = await held(made.shops);
  const until = Date.now() + soakMs;
  do await goThrough(made, history, some);
  while (Date.now() < until);
  expect(history.violations).toEqual([]);
  expect(Math.min(history.invalidations.done, history.invalidations.pending)).toBeGreaterThan(0);
  const grown = async () => (await held(made.shops)).map((bytes, i) => bytes - before[i]!);
  await poll(async () => Math.max(...(await grown()))).toBeLessThan(SLACK);
});
