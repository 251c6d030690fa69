import type { RequestHandler } from 'express';
import { expect, it } from 'vitest';
import { CacheResponse, Controller, controllerRouter, Get } from '../../src/decorators.ts';
import { ofClient, ofNobody, stage } from './kit.ts';
import { VERSIONS } from './versions.ts';

it('a method of a controller is what stands behind its decorator', async () => {
  const runs = { count: 0 };

  @Controller('/things')
  class Things {
    @Get('/:id')
    @CacheResponse(60)
    get(...[req, res]: Parameters<RequestHandler>) {
      runs.count += 1;
      res.json({ id: req.params.id, of: this.constructor.name });
    }
  }

  const { ask, unseen } = stage(VERSIONS.at(-1)!, ({ app, own }) => {
    const doors = { cacheResponse: () => own } as unknown as Parameters<typeof controllerRouter>[0];
    app.use('/api', controllerRouter(doors, new Things()));
  });
  const answer = await ask('/api/things/7');
  expect(ofNobody(await unseen())).toEqual(ofClient(answer));
  expect([answer.body.toString(), runs.count]).toEqual(['{"id":"7","of":"Things"}', 2]);
});
