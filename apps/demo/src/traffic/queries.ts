import type { Client } from './client.ts';

/** What the shop itself has counted since it started, by `METHOD route`. */
export interface Counted {
  /** Statements that ran before the response was out. */
  readonly foreground: ReadonlyMap<string, number>;
  /** Statements that ran behind one: a stale response was being replaced. */
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
    if (name === 'shop_sql_queries_total') add(labels.when === 'background' ? background : foreground);
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

/** Statements run between two counts, in the foreground and behind stale responses. */
export function madeBetween(before: Counted, after: Counted): { made: number; background: number } {
  const background = sum(after.background) - sum(before.background);
  return { made: sum(after.foreground) - sum(before.foreground) + background, background };
}

const sum = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((total, count) => total + count, 0);

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

function* samples(text: string): Generator<Sample> {
  for (const line of text.split('\n')) {
    const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    if (name === undefined || labels === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text]);
    yield { name, labels: Object.fromEntries(pairs), value: Number(value) };
  }
}
