import type { Request, Response } from 'express';
import {
  CacheControl,
  CacheResponse,
  Controller,
  Get,
  Invalidates,
  Put,
  presets,
  Use,
} from '../../src/index.ts';
import { controllerFacts } from './controller-facts.ts';

@Controller('/api/users')
class Users {
  version = 1;

  @Get('/:id')
  @CacheControl(presets.api)
  @CacheResponse({ ttl: 60, tags: (req) => [`user:${req.params.id}`] })
  show(req: Request, res: Response) {
    res.send(`user ${req.params.id}, version ${this.version}`);
  }

  @Put('/:id')
  @Invalidates((req) => [`user:${req.params.id}`])
  async update(_req: Request, res: Response) {
    this.version += 1;
    res.json({});
  }

  @Get('/:id/broken')
  @Use((_req, res, next) => next(void res.set('X-Used', 'yes')))
  async broken() {
    throw Object.assign(new Error('teapot'), { status: 418 });
  }
}

controllerFacts('TC39', () => new Users());
