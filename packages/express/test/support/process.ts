import { redisTier } from '@larder/redis';
import express from 'express';
import { createLarder } from '../../src/index.ts';

/** A small shop in a process of its own: the version lives in each process, as a row would in a database. */
const { REDIS_URL, NAMESPACE } = process.env;
const larder = createLarder({ namespace: NAMESPACE!, redis: redisTier(REDIS_URL!) });
const app = express();
let runs = 0;

app.get('/thing', larder.cacheResponse({ ttl: 600, tags: ['thing'] }), (_req, res) => {
  runs += 1;
  res.json({ by: process.pid, run: runs });
});
app.put('/thing', larder.invalidates(['thing']), (_req, res) => void res.json({}));

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send!(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('disconnect', () => process.exit());
