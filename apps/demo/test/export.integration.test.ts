import { manualClock } from '@larder/core/testing';
import request from 'supertest';
import { describe, expect, it, vi } from 'vitest';
import { sqlQueries } from '../src/traffic/samples.ts';
import { changeProduct, createProduct } from './support/products.ts';
import { bearer, useTestShop } from './support/shop.ts';

const clock = manualClock(Date.now());
const shop = useTestShop({ emptied: true, clock });

const CSV = '/api/products.csv';
const get = () => request(shop.server).get(CSV);
const becomeStale = () => clock.advance(61_000);

/** Statements that ran for the export so far. */
async function queries(): Promise<number> {
  const { text } = await request(shop.server).get('/metrics').expect(200);
  return sqlQueries(text, { method: 'GET', route: CSV });
}

async function queriesOf(run: () => Promise<unknown>): Promise<number> {
  const before = await queries();
  await run();
  return (await queries()) - before;
}

describe('the export', () => {
  it('is every product, by RFC 4180', async () => {
    const { id, sku } = await createProduct(shop, { name: 'Mug, 12" or "so"' });
    const { text } = await get().expect(200).expect('Content-Type', 'text/csv; charset=utf-8');
    const lines = text.split('\r\n');
    const { rows } = await shop.pool.query('SELECT count(*)::int AS products FROM products');
    expect(lines[0]).toBe('id,sku,name,category,priceCents');
    expect(lines).toHaveLength(1 + rows[0].products + 1);
    expect(lines.at(-2)).toBe(`${id},${sku},"Mug, 12"" or ""so""",books,1200`);
    expect(lines.at(-1)).toBe('');
  });

  it('is kept for as long as it says', async () => {
    const miss = await get().expect('X-Cache', 'MISS');
    expect(miss.headers['cache-control']).toBe('public, max-age=60, stale-if-error=600');
    const hit = await get().expect('X-Cache', 'HIT');
    expect(hit.text).toBe(miss.text);
    expect(hit.headers['cache-status']).toBe('Larder; hit; ttl=60');
  });

  it('is kept for those who log in as well, being public', async () => {
    await get()
      .set(...bearer(shop.shopper))
      .expect('X-Cache', 'MISS');
    await get()
      .set(...bearer(shop.otherShopper))
      .expect('X-Cache', 'HIT');
  });

  it('is cut from what is kept for a client that asks for a part', async () => {
    const { text } = await get();
    const whole = Buffer.from(text);
    const part = await get().set('Range', 'bytes=0-99').expect(206).expect('X-Cache', 'HIT');
    expect(part.headers['content-range']).toBe(`bytes 0-99/${whole.length}`);
    expect(part.headers['accept-ranges']).toBe('bytes');
    expect(part.text).toBe(whole.subarray(0, 100).toString());
  });

  it('is not made anew when it is stale and still holds: the handler says so with a 304', async () => {
    let first = '';
    const made = await queriesOf(async () => {
      first = (await get()).text;
    });
    becomeStale();
    const asked = await queriesOf(async () => {
      const renewed = await get().expect(200);
      expect(renewed.headers['cache-status']).toMatch(/^Larder; fwd=stale; fwd-status=304/);
      expect(renewed.text).toBe(first);
    });
    expect([made, asked]).toEqual([2, 1]);
    expect(await queriesOf(() => get().expect('X-Cache', 'HIT'))).toBe(0);
  });

  it('is made anew when it is stale and holds no more', async () => {
    const { headers } = await get();
    // Behind the back of the tags, as a colleague with psql would.
    await shop.pool.query("UPDATE products SET name = 'Renamed in psql', updated_at = now() WHERE id = 1");
    await get().expect('X-Cache', 'HIT');
    becomeStale();
    const renewed = await get().expect(200);
    expect(renewed.headers['cache-status']).toMatch(/^Larder; fwd=stale; fwd-status=200/);
    expect(renewed.headers.etag).not.toBe(headers.etag);
    expect(renewed.text).toContain('Renamed in psql');
  });

  it('has another version after every write, also one that began before another had ended', async () => {
    const versions = new Set<string>();
    const note = async () => versions.add((await get()).headers.etag!);
    const { id } = await createProduct(shop);
    await note();
    await changeProduct(shop, id, { priceCents: 5 });
    await note();
    await shop.pool.query("UPDATE products SET updated_at = now() - interval '1 hour' WHERE id = 2");
    await shop.larder.cache.invalidateAll();
    await note();
    await request(shop.server)
      .delete(`/api/products/${id}`)
      .set(...bearer(shop.staff))
      .expect(204);
    await note();
    expect(versions.size).toBe(4);
  });

  it('is new after a write to any product', async () => {
    const { id } = await createProduct(shop, { name: 'Old Name' });
    expect((await get()).text).toContain('Old Name');
    await changeProduct(shop, id, { name: 'New Name' });
    const { text } = await get().expect('X-Cache', 'MISS');
    expect(text).toContain('New Name');
    expect(text).not.toContain('Old Name');
    await createProduct(shop);
    await get().expect('X-Cache', 'MISS');
  });

  it('stays when only the stock has changed, which it does not show', async () => {
    const { id } = await createProduct(shop);
    await get();
    await changeProduct(shop, id, { stock: 77 });
    await get().expect('X-Cache', 'HIT');
  });

  it('is not kept when it has failed', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    await shop.pool.query('ALTER TABLE categories RENAME TO elsewhere');
    const failed = await get().expect(500);
    await shop.pool.query('ALTER TABLE elsewhere RENAME TO categories');
    said.mockRestore();
    expect(failed.headers).not.toHaveProperty('cache-control', expect.stringContaining('max-age'));
    await get().expect(200).expect('X-Cache', 'MISS');
  });
});
