import { describe, expect, it } from 'vitest';
import type { Larder } from '../../src/index.ts';
import { shop, text, x } from '../support/shop.ts';

/** What a decorated controller must do, in whichever syntax it was written. */
export function controllerFacts(syntax: string, make: () => object): void {
  const users = () => shop((app, larder: Larder) => void app.use(larder.router(make())));

  describe(`a controller in ${syntax} syntax`, () => {
    it('answers under its prefix, with its own state', async () => {
      expect(text(await users().ask('/api/users/7'))).toBe('user 7, version 1');
    });

    it('caches by the policy on the method', async () => {
      const { ask } = users();
      await ask('/api/users/7');
      const second = await ask('/api/users/7');
      expect([x(second), second.headers['cache-control']]).toEqual(['HIT', 'no-cache']);
      expect(x(await ask('/api/users/8'))).toBe('MISS');
    });

    it('invalidates what its writes touch, and nothing else', async () => {
      const { ask } = users();
      for (const id of [7, 8]) await ask(`/api/users/${id}`);
      expect((await ask('/api/users/7', {}, 'PUT')).status).toBe(200);
      expect(text(await ask('/api/users/7'))).toBe('user 7, version 2');
      expect(x(await ask('/api/users/8'))).toBe('HIT');
    });

    it('passes a rejection to the error handler', async () => {
      expect((await users().ask('/api/users/7/broken')).status).toBe(418);
    });

    it('runs other middleware in the place it was given', async () => {
      const { ask, observer } = users();
      const { headers } = await ask('/api/users/7/broken');
      expect(headers['x-used']).toBe('yes');
      expect(observer.of('request')).toEqual([]);
    });
  });
}
