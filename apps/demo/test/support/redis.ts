import { overhear } from '@larder/servers';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

/** One of the commands that a Redis was sent, as it was sent: `['GET', 'larder:…']`. */
export type Command = readonly string[];

export interface Listener {
  /** Everything up to now, whoever has sent it. */
  commands(): Promise<readonly Command[]>;
  close(): void;
}

export async function listenTo(url: string): Promise<Listener> {
  const asker = new Redis(url);
  const { commands: heard, stop } = await overhear(url);
  let asked = 0;
  return {
    async commands() {
      const last = `overheard-${++asked}`;
      await asker.ping(last);
      await expect.poll(() => heard.some((command) => command.includes(last))).toBe(true);
      return heard.filter((command) => !command.includes(last));
    },
    close() {
      stop();
      asker.disconnect();
    },
  };
}

export interface Kept {
  readonly key: string;
  /** Absent: until somebody removes it. */
  readonly ttlMs: number | undefined;
}

/** Every key of a Redis. */
export async function keysOf(url: string): Promise<Kept[]> {
  const client = new Redis(url);
  try {
    const kept: Kept[] = [];
    for await (const keys of client.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
      for (const key of keys) {
        const ttlMs = await client.pttl(key);
        // Gone between the two.
        if (ttlMs === -2) continue;
        kept.push({ key, ttlMs: ttlMs === -1 ? undefined : ttlMs });
      }
    }
    return kept;
  } finally {
    client.disconnect();
  }
}
