import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type TriggerOptions, triggerSchema } from '../src/index.ts';
import {
  type Database,
  database,
  databaseUrl,
  NEVER_POLL,
  openOutbox,
  poll,
  watchedCache,
} from './support/database.ts';
import { takeRows } from './support/rows.ts';

const TAGS = ['product:{id}', 'category:{category_id}'];

/** Products whose changes are recorded. */
async function shop(options: Partial<TriggerOptions> = {}): Promise<Database> {
  const at = await database();
  await at.query('CREATE TABLE products (id int PRIMARY KEY, category_id int, name text)');
  const sql = triggerSchema({
    table: 'products',
    tags: TAGS,
    namespace: 'shop',
    outbox: at.table,
    ...options,
  });
  // Twice, as migrations may.
  await at.query(sql);
  await at.query(sql);
  return at;
}

/** The tags of each row, in an order of ours. */
const recordedIn = async (at: Database) => (await takeRows(at)).map((tags) => tags && [...tags].sort());

const sizes = (rows: Awaited<ReturnType<typeof recordedIn>>) =>
  rows.map((tags) => tags!.length).sort((a, b) => b - a);

describe('a table that records its changes', () => {
  it('tells of rows that come, change and go: of what they were, and of what they are', async () => {
    const at = await shop();
    await at.query("INSERT INTO products VALUES (7, 1, 'cup'), (8, 1, 'pot')");
    expect(await recordedIn(at)).toEqual([['category:1', 'product:7', 'product:8']]);
    await at.query('UPDATE products SET category_id = 2 WHERE id = 7');
    expect(await recordedIn(at)).toEqual([['category:1', 'category:2', 'product:7']]);
    await at.query('DELETE FROM products WHERE id = 8');
    expect(await recordedIn(at)).toEqual([['category:1', 'product:8']]);
  });

  it('tells nothing of an application that tells by itself', async () => {
    const at = await shop({ exceptApplication: "the shop's" });
    await at.query("SET application_name = 'the shop''s'; INSERT INTO products VALUES (7, 1, 'cup')");
    expect(await recordedIn(at)).toEqual([]);
    await at.query("SET application_name = 'psql'; TRUNCATE products");
    expect(await recordedIn(at)).toEqual([null]);
  });

  it('tells nothing of a statement that changes no row, or that is rolled back', async () => {
    const at = await shop();
    await at.query('UPDATE products SET name = name');
    await at.query('DELETE FROM products');
    await at.query("BEGIN; INSERT INTO products VALUES (7, 1, 'cup'); ROLLBACK");
    expect(await recordedIn(at)).toEqual([]);
  });

  it('has no tag for a column that is NULL, and no empty one', async () => {
    const at = await shop({ tags: [...TAGS, '{name}'] });
    await at.query("INSERT INTO products VALUES (7, NULL, ''), (8, NULL, NULL), (9, NULL, 'a name')");
    expect(await recordedIn(at)).toEqual([['a name', 'product:7', 'product:8', 'product:9']]);
    await at.query("INSERT INTO products VALUES (10, NULL, NULL) ON CONFLICT (id) DO UPDATE SET name = 'x'");
    await at.query("INSERT INTO products VALUES (10, NULL, NULL) ON CONFLICT (id) DO UPDATE SET name = 'x'");
    expect(await recordedIn(at)).toEqual([['product:10'], ['product:10', 'x']]);
  });

  it('records a change of a hundred thousand rows in few, with each tag once', async () => {
    const at = await shop({ tags: ['category:{category_id}'] });
    await at.query("INSERT INTO products SELECT i, i % 150, 'thing' FROM generate_series(1, 100000) AS i");
    const rows = await recordedIn(at);
    expect(sizes(rows)).toEqual([64, 64, 22]);
    expect(new Set(rows.flat()).size).toBe(150);
    await at.query('UPDATE products SET category_id = 150 + id % 100');
    expect(sizes(await recordedIn(at))).toEqual([64, 64, 64, 58]);
  });

  it('takes it for everything where there are more tags than it tells one by one', async () => {
    const at = await shop({ maxTags: 10 });
    await at.query('INSERT INTO products SELECT i, 1 FROM generate_series(1, 9) AS i');
    expect((await recordedIn(at))[0]).toHaveLength(10);
    await at.query('INSERT INTO products SELECT i, 1 FROM generate_series(10, 100000) AS i');
    expect(await recordedIn(at)).toEqual([null]);
  });

  it('takes a tag for everything that is longer than tags can be', async () => {
    const at = await shop({ tags: ['{name}'] });
    await at.query(`INSERT INTO products VALUES (1, 1, repeat('x', 512))`);
    expect((await recordedIn(at))[0]![0]).toHaveLength(512);
    await at.query(`INSERT INTO products VALUES (2, 1, repeat('x', 513))`);
    expect(await recordedIn(at)).toEqual([null]);
  });

  it('takes TRUNCATE for everything, or for the tag that it was given', async () => {
    const [at, named] = [await shop(), await shop({ truncate: "all 'products'" })];
    await at.query('TRUNCATE products');
    await named.query('TRUNCATE products');
    expect([await recordedIn(at), await recordedIn(named)]).toEqual([[null], [["all 'products'"]]]);
  });

  it('reaches the cache from whoever writes SQL, and wakes it', async () => {
    const { cache, read } = watchedCache();
    const at = await shop({ namespace: cache.namespace });
    openOutbox(at, [cache], NEVER_POLL);
    const [product, all] = [await read('product:7'), await read('other')];
    const psql = new pg.Client(databaseUrl());
    await psql.connect();
    onTestFinished(() => psql.end());
    const table = `${pg.escapeIdentifier(at.schema)}.products`;
    // With another idea of where tables are.
    await psql.query("SET search_path = 'nowhere'");
    await psql.query(`INSERT INTO ${table} VALUES (7, 1, 'cup')`);
    await poll(() => read('product:7')).not.toBe(product);
    expect(await read('other')).toBe(all);
    await psql.query(`TRUNCATE ${table}`);
    await poll(() => read('other')).not.toBe(all);
  });

  it('finds an outbox that was named without its schema, wherever its writers look', async () => {
    const at = await shop({ outbox: 'out "box"' });
    const table = `${pg.escapeIdentifier(at.schema)}.products`;
    const client = await at.pool.connect();
    await client.query("SET search_path = 'nowhere'");
    await client.query(`INSERT INTO ${table} VALUES (7, 1, 'cup')`);
    client.release(true);
    expect(await recordedIn(at)).toEqual([['category:1', 'product:7']]);
  });

  it('may be called anything, and have columns and tags that are', async () => {
    const at = await database();
    const name = `odd "table" 'of' $larder$ \\ ${'x'.repeat(20)}`;
    const column = `a "column" with 'all' \\ of. it $1`;
    const quoted = `${pg.escapeIdentifier(at.schema)}.${pg.escapeIdentifier(name)}`;
    await at.query(`CREATE TABLE ${quoted} (${pg.escapeIdentifier(column)} text)`);
    const tag = `$larder$ it's \\ "odd": {${column}} é😀`;
    const options = { table: [at.schema, name] as const, tags: [tag], outbox: at.table };
    // Two caches, each with triggers of its own.
    await at.query(triggerSchema({ ...options, namespace: 'shop' }));
    await at.query(triggerSchema({ ...options, namespace: 'n'.repeat(64) }));
    await at.query(`INSERT INTO ${quoted} VALUES ('$$; DROP TABLE x; --')`);
    const [one, other] = await takeRows(at);
    expect(one).toEqual([tag.replace(`{${column}}`, () => '$$; DROP TABLE x; --')]);
    expect(other).toEqual(one);
  });
});
