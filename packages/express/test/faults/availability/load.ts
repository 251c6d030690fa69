import { Agent } from 'node:http';
import { onTestFinished } from 'vitest';
import { poll, type Reply, type Shop, times } from '../support/shop.ts';

export interface Load {
  /** Resolves once so many more have been answered. */
  more(count: number): Promise<void>;
  /** How often each `X-Cache` was seen, once all that were asked are answered. Rejects if one was answered wrongly. */
  stop(): Promise<Record<string, number>>;
}

/** So many clients that ask, each as soon as it is answered. */
export function load(clients: number, next: () => readonly [Shop, path: string]): Load {
  const agent = new Agent({ keepAlive: true });
  const seen: Record<string, number> = {};
  let [served, over] = [0, false];
  let failure: unknown;
  const note = ({ x }: Reply) => {
    seen[x] = (seen[x] ?? 0) + 1;
    served += 1;
  };
  const client = async () => {
    while (!over) {
      const [shop, path] = next();
      note(await shop.ask(path, {}, agent));
    }
  };
  const all = Promise.all(times(clients, client)).catch((error: unknown) => {
    failure = error;
    over = true;
  });
  const end = async () => {
    over = true;
    await all;
    agent.destroy();
  };
  onTestFinished(end);
  return {
    async more(count) {
      const enough = served + count;
      await poll(() => failure !== undefined || served >= enough).toBe(true);
      if (failure !== undefined) throw failure;
    },
    async stop() {
      await end();
      if (failure !== undefined) throw failure;
      return seen;
    },
  };
}
