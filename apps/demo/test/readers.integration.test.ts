import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { useTestShop } from './support/shop.ts';

const shop = useTestShop({ emptied: true });

const get = (path: string) => request(shop.server).get(path);

describe('a greeting', () => {
  const inLanguage = (path: string, language: string) => get(path).set('Accept-Language', language);

  it('that reads the language and does not say so is not kept, and says why', async () => {
    for (const [language, greeting] of [
      ['fr', 'Bonjour'],
      ['fr', 'Bonjour'],
      ['de', 'Guten Morgen'],
    ] as const) {
      const { headers } = await inLanguage('/api/greeting', language).expect(200, { greeting });
      expect(headers['x-cache']).toBe('MISS');
      expect(headers['cache-status']).toContain('detail=unkeyed-accept-language');
    }
  });

  it('is kept for each language where what was read becomes its Vary', async () => {
    const outcome = async (language: string, greeting: string) => {
      const { headers } = await inLanguage('/api/greeting/varied', language).expect(200, { greeting });
      expect(headers.vary).toMatch(/^accept-language$/i);
      return headers['x-cache'];
    };
    expect(await outcome('fr', 'Bonjour')).toBe('MISS');
    expect(await outcome('de', 'Guten Morgen')).toBe('MISS');
    expect(await outcome('fr', 'Bonjour')).toBe('HIT');
    expect(await outcome('de', 'Guten Morgen')).toBe('HIT');
  });
});

describe('a browser with cookies of analytics', () => {
  it.each(['/api/products', '/api/products/1', '/api/products/1/reviews'])(
    'shares %s with everybody',
    async (path) => {
      await get(path).set('Cookie', '_ga=GA1.1.1').expect(200).expect('X-Cache', 'MISS');
      await get(path).set('Cookie', '_ga=GA1.1.2; _gid=3').expect('X-Cache', 'HIT');
      await get(path).expect('X-Cache', 'HIT');
    },
  );
});

describe('a CDN', () => {
  it('is told how long it may keep the report, and browsers to ask every time', async () => {
    for (const outcome of ['MISS', 'HIT']) {
      const { headers } = await get('/api/categories/report').expect('X-Cache', outcome);
      expect(headers['cache-control']).toBe('no-cache');
      expect(headers['cdn-cache-control']).toBe('max-age=30, stale-if-error=3600');
    }
  });
});
