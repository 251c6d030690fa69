import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Handler, type Run } from './handler.ts';
import { type Memory, peakMemory, restingMemory } from './memory.ts';
import { ROUTES } from './routes.ts';
import { isWayName } from './ways.ts';

/** One of the processes under load. It is asked by messages and answers each with one of its own. */
export type Asked = 'rest' | 'runs' | 'peak';
export type Told = { readonly port: number } | { readonly runs: Run[] } | Memory;

const { WAY = '', REDIS_URL = '', HANDLER_MS = '' } = process.env;
if (!isWayName(WAY)) throw new Error(`no way is called ${JSON.stringify(WAY)}`);

const handler = new Handler(Number(HANDLER_MS));
const app = express();
app.get('/products/:id', ...(await ROUTES[WAY](handler.run, REDIS_URL)));

const server = createServer(app);
// Connections are opened before they are used, and stay open between rounds.
server.keepAliveTimeout = 0;
server.headersTimeout = 0;
server.requestTimeout = 0;
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  tell({ port: (server.address() as AddressInfo).port });
});

const ANSWERS: Record<Asked, () => Told> = {
  rest: restingMemory,
  runs: () => ({ runs: handler.takeRuns() }),
  peak: peakMemory,
};

process.on('message', (asked: Asked) => tell(ANSWERS[asked]()));
process.on('disconnect', () => process.exit());

function tell(told: Told): void {
  process.send!(told);
}
