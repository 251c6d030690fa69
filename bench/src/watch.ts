import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import express, { type Request } from 'express';
import { watch } from '../../packages/express/src/watch.ts';
import { median } from './median.ts';

/** What it costs a miss that its request is watched, against the same reads unwatched and a whole request. */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '15' } } });
const rounds = Number(values.rounds);

const product = { id: 7, name: 'Quiet Tin', description: 'x'.repeat(950), priceCents: 1200 };
const app = express();
app.get('/', (_req, res) => void res.json(product));

const NAMES = ['accept', 'accept-encoding', 'accept-language', 'user-agent', 'host'];
const SENT = [
  'Host',
  'shop.example',
  'User-Agent',
  'bench',
  'Accept',
  '*/*',
  'Accept-Encoding',
  'gzip',
].concat(...['Accept-Language', 'Connection', 'Cache-Control', 'Cookie'].map((name) => [name, 'en']));
const RULES = {
  cookiesShown: undefined,
  conditions: {},
  keyed: { scheme: 'http', authority: 'shop.example' },
  unrecorded: false,
};
const HIDING = { ...RULES, cookiesShown: ['currency'], conditions: { 'if-none-match': '"a"' } };

const socket = new Socket();

function request(): Request {
  const req = new IncomingMessage(socket);
  Object.assign(req, { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders: SENT });
  const headers: Record<string, string> = {};
  for (let i = 0; i < SENT.length; i += 2) headers[SENT[i]!.toLowerCase()] = SENT[i + 1]!;
  req.headers = headers;
  Object.setPrototypeOf(req, app.request);
  return req as Request;
}

function respond(req: Request): void {
  const res = new ServerResponse(req);
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  res.assignSocket(sink as Socket);
  (app as unknown as (req: unknown, res: unknown) => void)(req, res);
}

let read = 0;
function readTen({ headers }: Request): void {
  for (const name of NAMES) if (headers[name] !== undefined) read += 1;
  for (const name of NAMES) if (headers[name] !== undefined) read += 1;
}

function watched(req: Request, rules: Parameters<typeof watch>[1], reading: (req: Request) => void): void {
  const watching = watch(req, rules);
  reading(req);
  watching.restore();
}

const nothing = () => {};
const WAYS: readonly (readonly [name: string, run: (req: Request) => void])[] = [
  ['res.json route, no network (the baseline)', respond],
  ['ten plain reads of fields', readTen],
  ['watch, no read', (req) => watched(req, RULES, nothing)],
  ['watch, ten reads', (req) => watched(req, RULES, readTen)],
  ['watch that hides cookies, ten reads', (req) => watched(req, HIDING, readTen)],
];

/** Nanoseconds for one of many requests, made before the time is taken. */
function once(run: (req: Request) => void, requests = 2000): number {
  const all = Array.from({ length: requests }, request);
  const from = process.hrtime.bigint();
  for (const req of all) run(req);
  return Number(process.hrtime.bigint() - from) / requests;
}

/** In turns, so that what else the machine does falls on all alike. */
const times = WAYS.map((): number[] => []);
for (let round = -5; round < rounds; round += 1) {
  for (const [i, [, run]] of WAYS.entries()) {
    const nanoseconds = once(run);
    if (round >= 0) times[i]!.push(nanoseconds);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const [route, plain] = [median(times[0]!), median(times[1]!)];
console.log(`\nmedian of ${rounds} rounds; share of the route, and times ten plain reads:\n`);
for (const [i, [name]] of WAYS.entries()) {
  const time = median(times[i]!);
  const share = `${((100 * time) / route).toFixed(1)} %`.padStart(8);
  console.log(`${share} ${(time / plain).toFixed(0).padStart(6)} ×   ${name}`);
}
if (read === 0) throw new Error('nothing was read');
