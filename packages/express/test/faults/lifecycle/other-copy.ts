import { redisTier } from '@larder/redis';
import type { RequestHandler } from 'express';
import { createLarder } from '../../../src/index.ts';
import { PATIENT } from '../support/patient.ts';
import type { Setup } from '../support/process.ts';

/** Comes before the cache of a shop, and is of another copy of the packages: to be imported from there. */
const { redis, namespace, policy, fills, memory = {} } = JSON.parse(process.env.SETUP!) as Setup;
const larder = createLarder({ namespace, memory, fills, redis: redisTier(redis, PATIENT) });

const cached = larder.cacheResponse({ ...policy, tags: ['thing'] });

const around: RequestHandler = (req, res, next) => {
  // As a logger does, when all is said.
  res.once('close', () => String(req.headers.host));
  cached(req, res, next);
};

export default around;
