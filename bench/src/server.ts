import { createLarder } from '@larder/express';
import { redisTier } from '@larder/redis';
import express from 'express';

/** The app under load, in a process of its own. Every route answers the same kilobyte of JSON. */
const product = { id: 7, name: 'Quiet Tin', description: 'x'.repeat(950), priceCents: 1200 };
const app = express();

app.get('/plain', (_req, res) => void res.json(product));

const memory = createLarder({ namespace: 'bench' });
app.get(
  '/memory',
  memory.cacheResponse({ ttl: 3600, tags: ['product:7'] }),
  (_req, res) => void res.json(product),
);

const redis = createLarder({ namespace: 'bench', memory: false, redis: redisTier(process.env.REDIS_URL!) });
app.get(
  '/redis',
  redis.cacheResponse({ ttl: 3600, tags: ['product:7'] }),
  (_req, res) => void res.json(product),
);

const miss = createLarder({ namespace: 'bench-miss' });
app.get('/miss', miss.cacheResponse(3600), (_req, res) => {
  res.cache?.skip();
  res.json(product);
});

const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send!(typeof address === 'object' && address !== null ? address.port : 0);
});
process.on('disconnect', () => process.exit());
