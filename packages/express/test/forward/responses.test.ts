import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { finished, pipeline, Readable } from 'node:stream';
import { pipeline as pipelined } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import compression from 'compression';
import type { NextFunction, Response } from 'express';
import { describe, expect, it } from 'vitest';
import { type Loose, ofClient, ofNobody, stage } from './kit.ts';
import { VERSIONS } from './versions.ts';

type Handler = (req: Loose, res: Response, next: NextFunction) => unknown;

const file = fileURLToPath(new URL('../support/picture.bin', import.meta.url));
const large = Buffer.alloc(300_000, 'larder ');

/** What handlers, and libraries that they use, wait for. */
const WAYS: Record<string, Handler> = {
  'res.json': (_, res) => res.json({ a: 1, text: 'é' }),
  'res.jsonp': (_, res) => res.jsonp({ a: 1 }),
  'res.send of text': (_, res) => res.send('<p>é</p>'),
  'res.send of bytes': (_, res) => res.send(Buffer.from([0, 255, 1])),
  'res.sendStatus': (_, res) => res.sendStatus(204),
  'res.status and res.type': (_, res) => res.status(203).type('text/csv').send('a,b'),
  'res.redirect': (_, res) => res.redirect('/elsewhere'),
  'res.sendFile': (_, res) => res.sendFile(file),
  'res.sendFile with a callback': (_, res) =>
    new Promise<void>((resolve, reject) =>
      res.sendFile(file, (error?: Error) => (error ? reject(error) : resolve())),
    ),
  'res.download': (_, res) => res.download(file, 'a.bin'),
  'res.render': (req, res) => {
    req.app.engine('tpl', (_path: string, options: object, done: (e: null, text: string) => void) =>
      done(null, `<p>${(options as { name: string }).name}</p>`),
    );
    req.app.set('views', fileURLToPath(new URL('.', import.meta.url)));
    res.render('view.tpl', { name: 'é' });
  },
  'res.cookie and res.append': (_, res) => res.cookie('a', '1').append('Link', ['<a>', '<b>']).send('x'),
  'res.format': (_, res) => res.format({ json: () => res.json({}), html: () => res.send('<p>') }),
  'res.vary and res.location': (_, res) => res.vary('Accept').location('/x').send('x'),
  'writeHead and end': (_, res) => res.writeHead(201, 'Made', { 'X-A': '1' }).end('made'),
  'end with nothing': (_, res) => res.end(),
  'end with a callback': async (_, res) => {
    await new Promise<void>((resolve) => res.end('text', resolve));
    expect(res.writableFinished).toBe(true);
  },
  'write with callbacks': async (_, res) => {
    for (const piece of ['one,', 'two,'])
      await new Promise<void>((resolve, reject) =>
        res.write(piece, (error) => (error ? reject(error) : resolve())),
      );
    res.end('three');
  },
  'flushHeaders, and the body later': async (_, res) => {
    res.type('text').flushHeaders();
    await new Promise(setImmediate);
    res.end('later');
  },
  'a pipe': (_, res) => void createReadStream(file).pipe(res),
  'a pipe of something large': (_, res) => void Readable.from([large, large, large]).pipe(res),
  'two pipes, one after the other': (_, res) => {
    const first = Readable.from([large, large]);
    first.pipe(res, { end: false });
    first.once('end', () => Readable.from([large, large]).pipe(res));
  },
  'stream.pipeline': (_, res, next) =>
    void pipeline(createReadStream(file), res, (error) => (error ? next(error) : undefined)),
  'stream.pipeline as a promise': async (_, res) => {
    await pipelined(Readable.from([large, 'x']), res);
    expect(res.writableFinished).toBe(true);
  },
  'writes that mind back-pressure': async (_, res) => {
    let waited = 0;
    for (let i = 0; i < 8; i++) {
      if (res.write(large)) continue;
      expect(res.writableNeedDrain).toBe(true);
      waited += 1;
      await once(res, 'drain');
      expect(res.writableNeedDrain).toBe(false);
    }
    res.end(waited > 0 ? 'waited' : 'did not wait');
  },
  'writes that do not': (_, res) => {
    for (let i = 0; i < 5; i++) res.write(large);
    res.end('end');
  },
  'a body that stops when the client leaves': async (req, res) => {
    const gone: string[] = [];
    res.on('close', () => gone.push('res'));
    req.on('close', () => gone.push('req')).on('aborted', () => gone.push('aborted'));
    for (let i = 0; i < 5; i++) {
      res.write(`${i},`);
      await new Promise(setImmediate);
    }
    res.end(gone.length === 0 ? 'whole' : gone.join());
  },
  'a body after the request was read': async (req, res) => {
    let bytes = 0;
    for await (const chunk of req) bytes += chunk.length;
    res.send(`${bytes} bytes`);
  },
  "a body after the request's end": (req, res) => void req.resume().on('end', () => res.send('ended')),
  'an answer once finished() says that the request is read': (req, res) => {
    req.resume();
    finished(req, (error) => res.send(error ? 'failed' : 'read'));
  },
  'an answer with what is known of the request': (req, res) => {
    const { protocol, secure, hostname, subdomains, httpVersion, aborted, xhr, readable } = req;
    res.json({ protocol, secure, host: hostname, subdomains, httpVersion, aborted, xhr, readable });
  },
  'an answer with a time limit': (req, res) => {
    req.setTimeout(1000, () => res.send('late'));
    res.setTimeout(1000, () => res.send('late'));
    req.socket.setNoDelay(true).setKeepAlive(true).setTimeout(1000);
    res.send('in time');
  },
  'an answer that is corked': (_, res) => {
    res.cork();
    res.write('a');
    res.write('b');
    res.uncork();
    res.end('c');
  },
};

const onFinished = createRequire(createRequire(import.meta.url).resolve('express-4/package.json'))(
  'on-finished',
);

describe.each(VERSIONS)('$name answers nobody as it answers a client', (version) => {
  it.each(Object.entries(WAYS))('by %s', async (_, handler) => {
    const { ask, unseen, runs, expected } = stage(version, ({ app, own, behind }) => {
      app.set('view cache', false);
      app.get('/x', own, behind('handler', handler));
    });
    const answer = await ask('/x?callback=cb');
    expect(answer.status).toBeLessThan(400);
    const made = await unseen();
    expect(ofNobody(made)).toEqual(ofClient(answer));
    expect(made.finished).toBe(true);
    expect(runs).toEqual(expected);
  });

  it('with the events of a response that was sent', async () => {
    const told: string[][] = [];
    const { ask, unseen } = stage(version, ({ app, own }) => {
      app.get('/x', own, async (req, res) => {
        const events: string[] = [];
        told.push(events);
        for (const name of ['prefinish', 'finish', 'close']) res.on(name, () => events.push(name));
        req.on('end', () => events.push('req end')).on('close', () => events.push('req close'));
        onFinished(res, () => events.push('on-finished res'));
        finished(res, () => events.push('finished res'));
        await new Promise(setImmediate);
        res.send('x');
      });
    });
    await ask('/x');
    await unseen();
    await new Promise(setImmediate);
    expect(new Set(told[1])).toEqual(new Set(told[0]));
    const order = (events: string[]) => events.filter((name) => /^(?:prefinish|finish|close)$/.test(name));
    expect(order(told[1]!)).toEqual(['prefinish', 'finish', 'close']);
    expect(told[1]).toContain('req close');
  });

  it('through what compresses behind the cache', async () => {
    const { ask, unseen } = stage(
      version,
      ({ app, own, behind }) => {
        app.use(own, compression({ threshold: 0 }));
        app.get(
          '/x',
          behind('handler', (_, res) => res.type('text').send(large)),
        );
      },
      { shown: { fields: ['accept-encoding'] } },
    );
    const answer = await ask('/x', { 'Accept-Encoding': 'gzip' });
    expect(answer.headers['content-encoding']).toBe('gzip');
    expect(ofNobody(await unseen())).toEqual(ofClient(answer));
  });

  it('with the lines, the status and the locals that were there before', async () => {
    const { ask, unseen } = stage(version, ({ app, own, before, behind }) => {
      app.disable('x-powered-by');
      const up = before('up', (_, res, next) => {
        res.set({ 'X-Id': '7', Vary: 'Origin' }).append('Set-Cookie', ['a=1', 'b=2']).status(202);
        Object.assign(res.locals, { name: 'before' });
        next();
      });
      app.use(up, own);
      app.get(
        '/x',
        behind('handler', (_, res) => {
          const { name } = res.locals;
          res.locals.name = 'changed';
          res.json({ name, set: res.get('X-Id'), inherited: res.getHeaderNames() });
        }),
      );
    });
    const answer = await ask('/x');
    expect(answer.status).toBe(202);
    expect(answer.headers).not.toHaveProperty('x-powered-by');
    expect(ofNobody(await unseen())).toEqual(ofClient(answer));
  });

  it("without the app's word that it is Express where somebody took it away, or has another", async () => {
    for (const word of [undefined, 'Larder']) {
      const { ask, unseen } = stage(version, ({ app, own }) => {
        app.use((_, res, next) => {
          if (word === undefined) res.removeHeader('X-Powered-By');
          else res.set('X-Powered-By', word);
          next();
        }, own);
        app.get('/x', (_, res) => void res.send('x'));
      });
      await ask('/x');
      expect((await unseen()).headers['x-powered-by']).toBe(word);
    }
  });
});

describe('a response to nobody', () => {
  const [version] = VERSIONS.slice(-1) as [(typeof VERSIONS)[number]];

  it('stops who watches for its end when it is aborted', async () => {
    const told: string[] = [];
    const { ask, unseen, forwarded } = stage(version, ({ app, own }) => {
      app.get('/x', own, (req, res) => {
        if (forwarded.length > 0 && req !== forwarded[0]!.req) return void res.send('x');
        req.on('aborted', () => told.push('aborted')).on('close', () => told.push('req close'));
        res.on('close', () => told.push(`res close ${res.writableFinished}`));
        res.write('begun');
        forwarded[0]!.abort();
      });
    });
    await ask('/x');
    const made = await unseen();
    await new Promise(setImmediate);
    expect(made).toMatchObject({ finished: false, body: 'begun' });
    expect(told.sort()).toEqual(['aborted', 'req close', 'res close false']);
    expect(forwarded[0]!.res.destroyed).toBe(true);
    const late = new Promise((resolve) => forwarded[0]!.res.write('late', resolve));
    expect(await late).toBeInstanceOf(Error);
  });

  it('closes when its handler destroys it', async () => {
    const { ask, unseen, forwarded } = stage(version, ({ app, own }) => {
      app.get('/x', own, (req, res) =>
        req === forwarded[0]!.req ? void res.destroy(new Error('broken')) : void res.send('x'),
      );
    });
    await ask('/x');
    expect(await unseen()).toMatchObject({ finished: false, body: '' });
  });

  it('is started once, and is not aborted once it is over', async () => {
    const { ask, unseen, forwarded, runs } = stage(version, ({ app, own, behind }) => {
      app.get(
        '/x',
        own,
        behind('handler', (_, res) => res.send('x')),
      );
    });
    await ask('/x');
    await unseen();
    forwarded[0]!.start();
    forwarded[0]!.abort();
    expect(runs).toEqual({ handler: 2 });
    expect(forwarded[0]!.req.socket.errored).toBeNull();
  });
});
