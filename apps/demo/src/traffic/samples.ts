type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** Those with labels, of what /metrics says. */
export function* samples(text: string): Generator<Sample> {
  for (const line of text.split('\n')) {
    const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
    if (name === undefined || labels === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, text]) => [label, text]);
    yield { name, labels: Object.fromEntries(pairs), value: Number(value) };
  }
}

/** SQL statements that the shop has run so far, of those with these labels. */
export function sqlQueries(text: string, wanted: Labels): number {
  let sum = 0;
  for (const { name, labels, value } of samples(text)) {
    const counts = Object.entries(wanted).every(([label, value]) => labels[label] === value);
    if (name === SQL_QUERIES && counts) sum += value;
  }
  return sum;
}

export const SQL_QUERIES = 'shop_sql_queries_total';
