import type { Client } from './client.ts';
import { SQL_QUERIES, samples } from './samples.ts';

/** What the shop itself has counted since it started, by `METHOD route`. */
export interface Counted {
  /** Statements that ran before the response was out. */
  readonly foreground: ReadonlyMap<string, number>;
  /** Statements that no response waited for: something kept was being made anew. */
  readonly background: ReadonlyMap<string, number>;
  /** Requests that no stored response answered. */
  readonly forwarded: ReadonlyMap<string, number>;
}

export async function countedSoFar(client: Client): Promise<Counted> {
  const { text } = await client.send({ method: 'GET', path: '/metrics' });
  const foreground = new Map<string, number>();
  const background = new Map<string, number>();
  const forwarded = new Map<string, number>();
  for (const { name, labels, value } of samples(text)) {
    const route = `${labels.method} ${labels.route}`;
    const add = (to: Map<string, number>) => to.set(route, (to.get(route) ?? 0) + value);
    if (name === SQL_QUERIES) add(labels.when === 'request' ? foreground : background);
    if (name === 'shop_http_request_duration_seconds_count' && /^(MISS|BYPASS)/.test(labels.cache ?? '')) {
      add(forwarded);
    }
  }
  return { foreground, background, forwarded };
}

/**
 * Statements that a forwarded request of this route costs on average. Those that waited for another's fill
 * count as forwarded and cost nothing, so it is rather too low than too high.
 */
export function perForward({ foreground, forwarded }: Counted, route: string): number {
  const requests = forwarded.get(route) ?? 0;
  return requests === 0 ? 0 : (foreground.get(route) ?? 0) / requests;
}

/** Statements run between two counts, all of them and those that no response waited for. */
export function madeBetween(before: Counted, after: Counted): { made: number; background: number } {
  const background = sum(after.background) - sum(before.background);
  return { made: sum(after.foreground) - sum(before.foreground) + background, background };
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);
