import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';

/** What every body of a shop says: whose it is, and which run made it. */
export interface Said {
  readonly path: string;
  /** The process. */
  readonly by: number;
  readonly run: number;
  /** When, on the machine's one clock, in µs. */
  readonly began: number;
  /** It is the handler's own failure. */
  readonly failed?: true;
}

/** One run of the handler. */
export interface Acting {
  readonly req: Request;
  readonly res: Response;
  readonly said: Said;
  /** Waits until the test lets this run go on; not at all where runs are not held. */
  gate(): Promise<void>;
  /** To be called now and then by who sends much. */
  weigh(): void;
}

/** Thrown by a handler; the app's error handler answers with what it says. */
export class Failure extends Error {
  readonly said: Said;

  constructor(said: Said) {
    super(`run ${said.run} of process ${said.by} fails`);
    this.said = { ...said, failed: true };
  }
}

export const HUGE_BYTES = 100 * 1024 * 1024;
/** More than the kernel takes at first off the hands of a process whose client does not read. */
export const LARGE_BYTES = 16 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, '.');

const halves = (said: Said): [string, string] => {
  const text = JSON.stringify(said);
  return [text.slice(0, 5), text.slice(5)];
};

/** Sends the first half, waits, and gives the second: neither can be taken for the whole. */
async function begin({ res, said, gate }: Acting): Promise<string> {
  const [first, second] = halves(said);
  res.type('json').write(first);
  await gate();
  return second;
}

async function* inHalves({ said, gate }: Acting) {
  const [first, second] = halves(said);
  yield first;
  await gate();
  yield second;
}

/** What a handler does, by name, for a test has no functions in another process. */
export const behaviours = {
  async answers({ res, said, gate }) {
    await gate();
    res.json(said);
  },
  async 'answers with late tags and a Vary'({ res, said, gate }) {
    await gate();
    res.cache?.tag('late');
    res.vary('Accept-Language').json(said);
  },
  async 'is private'({ res, said, gate }) {
    await gate();
    res.set('Cache-Control', 'private').json(said);
  },
  async throws({ said, gate }) {
    await gate();
    throw new Failure(said);
  },
  async 'is refused'({ res, said, gate }) {
    await gate();
    res.status(409).json(said);
  },
  async 'leads elsewhere'({ res, said, gate }) {
    await gate();
    res.status(303).set('Location', '/elsewhere').json(said);
  },
  async 'is unavailable'({ res, said, gate }) {
    await gate();
    res.status(503).json({ ...said, failed: true });
  },
  async 'takes a moment'({ res, said }) {
    // What a query costs; nothing waits for it but those who want the answer.
    await new Promise((resolve) => setTimeout(resolve, 25));
    res.json(said);
  },
  async 'writes halves'(acting) {
    acting.res.end(await begin(acting));
  },
  async 'pipes halves'(acting) {
    acting.res.type('json');
    await pipeline(Readable.from(inHalves(acting)), acting.res).catch(() => {});
  },
  async 'throws between halves'(acting) {
    await begin(acting);
    throw new Failure(acting.said);
  },
  async 'destroys between halves'(acting) {
    await begin(acting);
    acting.res.destroy();
  },
  async 'destroys at once'({ res, gate }) {
    await gate();
    res.destroy();
  },
  async 'pipes what breaks'(acting) {
    const source = Readable.from(
      (async function* () {
        yield await begin(acting);
        throw new Error('the source breaks');
      })(),
    );
    await pipeline(source, acting.res).catch(() => {});
  },
  async 'says less than announced'({ res, said, gate }) {
    await gate();
    const text = JSON.stringify(said);
    res.set('Content-Length', String(Buffer.byteLength(text) + 10)).end(text);
  },
  async 'says more than announced'({ res, said, gate }) {
    await gate();
    const text = JSON.stringify(said);
    res.set('Content-Length', String(Buffer.byteLength(text) - 10)).end(text);
  },
  async 'ends twice'({ res, said, gate }) {
    await gate();
    res.json(said);
    res.end();
  },
  async 'sends trailers'({ res, said, gate }) {
    await gate();
    res.set('Trailer', 'X-Sum').type('json').write(JSON.stringify(said));
    res.addTrailers({ 'X-Sum': '42' });
    res.end();
  },
  async 'hints early'({ res, said, gate }) {
    res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
    await gate();
    res.json(said);
  },
  async 'is large'({ res, said, gate }) {
    await gate();
    res.json({ ...said, filler: '.'.repeat(LARGE_BYTES) });
  },
  async 'is huge'({ res, gate, weigh }) {
    await gate();
    for (let sent = 0; sent < HUGE_BYTES; sent += CHUNK.length) {
      if (!res.write(CHUNK)) await once(res, 'drain');
      weigh();
    }
    res.end();
  },
} satisfies Record<string, (acting: Acting) => Promise<void>>;

export type Behaviour = keyof typeof behaviours;
