/** What is measured: `packages` are those whose versions belong beside the figures. */
export interface Way {
  readonly title: string;
  readonly packages: readonly string[];
}

export const WAYS = {
  none: { title: 'no cache (the baseline)', packages: ['express'] },
  larder: { title: 'Larder, memory and Redis', packages: ['@larder/express', '@larder/redis'] },
  'larder-memory': { title: 'Larder, memory only', packages: ['@larder/express'] },
  bentocache: { title: 'bentocache, memory, Redis and bus', packages: ['bentocache', 'ioredis'] },
  'async-cache-dedupe': { title: 'async-cache-dedupe, Redis', packages: ['async-cache-dedupe', 'ioredis'] },
  cacheable: { title: 'cacheable, memory and Redis', packages: ['cacheable', '@keyv/redis'] },
  polling: { title: 'NestJS-style lock and polling', packages: ['ioredis'] },
} as const satisfies Record<string, Way>;

export type WayName = keyof typeof WAYS;

export const WAY_NAMES = Object.keys(WAYS) as WayName[];

export const isWayName = (name: string): name is WayName => Object.hasOwn(WAYS, name);
