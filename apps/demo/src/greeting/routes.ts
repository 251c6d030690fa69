import type { Larder } from '@larder/express';
import { type RequestHandler, Router } from 'express';
import { policies } from '../cache.ts';

const GREETINGS = { en: 'Good morning', de: 'Guten Morgen', fr: 'Bonjour' } as const;
const LANGUAGES = Object.keys(GREETINGS) as (keyof typeof GREETINGS)[];

/** Careless on purpose: it answers by Accept-Language without Vary, as many do until somebody is sent French. */
const greet: RequestHandler = (req, res) => {
  const language = (req.acceptsLanguages(LANGUAGES) || 'en') as keyof typeof GREETINGS;
  res.json({ greeting: GREETINGS[language] });
};

export function greetingRoutes(larder: Larder): Router {
  const router = Router();
  // Never stored, because Larder sees what was read; each request runs the handler.
  router.get('/', larder.cacheResponse(policies.greeting), greet);
  // The same handler: what it reads becomes its Vary.
  router.get('/varied', larder.cacheResponse({ ...policies.greeting, reads: 'vary' }), greet);
  return router;
}
