import { createInterface } from 'node:readline';
import { startPostgres, startRedis } from '../../src/index.ts';

const start = process.argv[2] === 'redis' ? startRedis : startPostgres;
const server = await start(process.env.HOLDER_DATA ? { dataDir: process.env.HOLDER_DATA } : {});

process.on('SIGINT', () => console.log('interrupted'));
createInterface({ input: process.stdin }).on('line', async (line) => {
  if (line === 'stop') await server.stop();
  process.exit();
});
console.log(server.url);
