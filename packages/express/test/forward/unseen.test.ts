import { AsyncLocalStorage } from 'node:async_hooks';
import type { RequestHandler } from 'express';
import { describe, expect, it } from 'vitest';
import { requestHead } from '../../src/request-head.ts';
import { type Loose, type Scene, stage } from './kit.ts';
import { VERSIONS } from './versions.ts';

/** What `read` makes of the client's request and of the one that nobody sent. */
async function both<T>(
  version: (typeof VERSIONS)[number],
  read: (req: Loose) => T,
  given: {
    readonly fields?: Record<string, string | string[]>;
    readonly upstream?: RequestHandler;
    readonly set?: Record<string, unknown>;
    readonly path?: string;
  } & Scene = {},
): Promise<[T, T]> {
  const values: T[] = [];
  const { ask, unseen } = stage(
    version,
    ({ app, own }) => {
      for (const [name, value] of Object.entries(given.set ?? {})) app.set(name, value);
      app.use(given.upstream ?? ((_req, _res, next) => next()));
      app.get('/x', own, (req, res) => {
        values.push(read(req as Loose));
        res.send('x');
      });
    },
    given,
  );
  await ask(given.path ?? '/x', given.fields);
  await unseen();
  return [values[0]!, values[1]!];
}

const put =
  (properties: object): RequestHandler =>
  (req, _res, next) => {
    Object.assign(req, properties);
    next();
  };

const CLIENT = {
  Authorization: 'Bearer secret',
  Cookie: 'sid=secret; theme=dark; lang=de',
  Range: 'bytes=0-1',
  'If-None-Match': '"a"',
  'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT',
  'X-Forwarded-For': '203.0.113.9',
  'Accept-LANGUAGE': 'de',
  'X-Tenant': 'a',
  'User-Agent': 'somebody',
};

const fieldsOf = ({ headers, headersDistinct, rawHeaders }: Loose) => {
  const { host: _host, ...rest } = headers;
  const { host: _lines, ...lines } = headersDistinct;
  return { rest, lines, raw: rawHeaders.slice(2) };
};

describe.each(VERSIONS)('$name sees of a request that nobody sent', (version) => {
  it('the host, and no other field that the caller did not list', async () => {
    const [, bare] = await both(version, fieldsOf, { fields: CLIENT });
    expect(bare).toEqual({ rest: {}, lines: {}, raw: [] });
    const [, listed] = await both(version, fieldsOf, {
      fields: CLIENT,
      shown: { fields: ['accept-language', 'X-Tenant', 'x-absent'], cookies: ['lang', 'absent', 'theme'] },
    });
    const rest = { 'accept-language': 'de', 'x-tenant': 'a', cookie: 'lang=de; theme=dark' };
    expect(listed).toEqual({
      rest,
      lines: Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, [value]])),
      raw: ['Accept-LANGUAGE', 'de', 'X-Tenant', 'a', 'Cookie', 'lang=de; theme=dark'],
    });
  });

  it('no credentials, no precondition and no range, whatever the caller lists', async () => {
    const fields = Object.keys(CLIENT).filter((name) => name !== 'User-Agent');
    const [, seen] = await both(version, fieldsOf, { fields: CLIENT, shown: { fields } });
    expect(Object.keys(seen.rest)).toEqual(['x-forwarded-for', 'accept-language', 'x-tenant']);
  });

  it('credentials where the key has them', async () => {
    const user = { name: 'somebody' };
    const [, seen] = await both(version, (req) => [fieldsOf(req).rest, req.user, req.session, req.cookies], {
      fields: CLIENT,
      shown: { credentials: true },
      upstream: put({ user, session: { a: 1 }, cookies: { sid: 'secret' } }),
    });
    const { Authorization: authorization, Cookie: cookie } = CLIENT;
    expect(seen).toEqual([{ authorization, cookie }, user, { a: 1 }, { sid: 'secret' }]);
  });

  it('what upstream has put on it, but nobody who asked', async () => {
    const leaving = new AbortController();
    const service = { shared: true };
    const hidden = {
      ...{
        user: 1,
        auth: 2,
        session: {},
        sessionID: 'x',
        clientIp: '203.0.113.9',
        _remoteAddress: '203.0.113.9',
      },
      __onFinished: [],
    };
    leaving.abort();
    const upstream: RequestHandler = (req, res, next) => {
      put({
        id: 7,
        service,
        cookies: { sid: 'a', lang: 'de' },
        signedCookies: { sid: 'b' },
        gone: leaving.signal,
        ...hidden,
      })(req, res, () => {
        Object.defineProperty(req, 'ip', { value: '203.0.113.9' });
        Object.defineProperty(req, 'twice', {
          get(this: Loose) {
            return (this.id as number) * 2;
          },
          configurable: true,
        });
        next();
      });
    };
    const [, seen] = await both(
      version,
      (req) => {
        const { id, twice, cookies, signedCookies } = req;
        const shared = req.service === service;
        return {
          id,
          twice,
          cookies,
          signedCookies,
          shared,
          ip: req.ip,
          gone: (req.gone as AbortSignal).aborted,
          held: Object.keys(hidden).map((name) => req[name]),
        };
      },
      { upstream, shown: { cookies: ['lang'] } },
    );
    expect(seen).toEqual({
      ...{
        id: 7,
        twice: 14,
        cookies: { lang: 'de' },
        signedCookies: {},
        shared: true,
        ip: '127.0.0.1',
        gone: false,
      },
      held: Object.keys(hidden).map(() => undefined),
    });
  });

  it('nothing of the connection, the listeners and the body of the client', async () => {
    const [client, nobody] = (await both(
      version,
      (req) => [
        req.socket,
        [req.listenerCount('close'), req.listenerCount('mine')],
        [req.ip, req.ips, req.socket.remoteAddress, req.connection === req.socket, req.readableEnded],
      ],
      {
        upstream: (req, _res, next) => {
          req.on('mine', () => {}).on('close', () => {});
          next();
        },
        set: { 'trust proxy': true },
        fields: CLIENT,
      },
    )) as [unknown[], unknown[]];
    const [[socket, events], [ours, none, address]] = [client, nobody];
    expect(ours).not.toBe(socket);
    expect(events).toEqual([expect.any(Number), 1]);
    expect(none).toEqual([0, 0]);
    expect(address).toEqual(['127.0.0.1', [], '127.0.0.1', true, false]);
  });

  it('values of its own, which it may change', async () => {
    const path = '/x?a=1&b[c]=2';
    const [client, nobody] = await both(
      version,
      (req) => {
        const before = structuredClone([{ ...req.query }, { ...req.params }, req.body]);
        Object.assign(req.query, { a: 'changed' });
        if (version.major === 4) (req.query.b as Record<string, string>).c = 'changed';
        Object.assign(req.params, { p: 'changed' });
        (req.body as { deep: { a: number } }).deep.a += 1;
        Object.assign(req, { id: 'changed' });
        return before;
      },
      {
        path,
        start: 'ahead',
        set: { 'query parser': 'extended' },
        upstream: put({ body: { deep: { a: 1 } } }),
      },
    );
    expect(client).toEqual(nobody);
    expect(client).toEqual([{ a: '1', b: { c: '2' } }, {}, { deep: { a: 1 } }]);
  });

  it.each([
    { name: 'nobody', set: {} },
    { name: 'every proxy', set: { 'trust proxy': true } },
    { name: 'as many as one', set: { 'trust proxy': 1 } },
    { name: 'those nearby', set: { 'trust proxy': 'loopback' } },
    { name: 'those at some address', set: { 'trust proxy': '127.0.0.1/32' } },
    {
      name: 'one that its socket tells',
      set: { 'trust proxy': (address: string) => /127\.0\.0\.1$/.test(address) },
    },
  ])('the scheme and the host of the key, where the app trusts $name', async ({ set }) => {
    const read = (req: Loose) => {
      const { scheme, authority, target, rewritten } = requestHead(req);
      const { protocol, secure, hostname } = req;
      return { scheme, authority, target, rewritten, protocol, secure, hostname };
    };
    const fields = {
      Host: 'Inner:81',
      'X-Forwarded-Host': 'Shop.Example, b',
      'X-Forwarded-Proto': 'https, http',
    };
    for (const shown of [{}, { fields: ['x-forwarded-host', 'x-forwarded-proto', 'host'] }]) {
      const [client, nobody] = await both(version, read, { fields, set, shown });
      expect({ ...nobody, hostname: nobody.hostname?.toLowerCase() }).toEqual({
        ...client,
        hostname: client.hostname?.toLowerCase(),
      });
    }
  });

  it('the host of the key where the proxy that told it is trusted by its address alone', async () => {
    const { ask, unseen } = stage(version, ({ app, own }) => {
      app.set('trust proxy', '198.51.100.1');
      app.use((req, _res, next) => {
        Object.defineProperty(req.socket, 'remoteAddress', { value: '198.51.100.1', configurable: true });
        next();
      });
      app.get(
        '/x',
        own,
        (req, res) => void res.json([req.protocol, req.hostname, req.ip === req.socket.remoteAddress]),
      );
    });
    const fields = { 'X-Forwarded-Host': 'shop.example', 'X-Forwarded-Proto': 'https' };
    expect((await ask('/x', fields)).body.toString()).toBe('["https","shop.example",true]');
    expect((await unseen()).body).toBe('["https","shop.example",true]');
  });

  it('no word of its client that was not believed', async () => {
    const client = '203.0.113.9';
    const far: RequestHandler = (req, _res, next) => {
      Object.defineProperty(req.socket, 'remoteAddress', { value: client });
      next();
    };
    const fields = { Host: 'shop.example', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' };
    const somebody = ['127.0.0.1', '127.0.0.1, 192.0.2.1', (address?: string) => address !== client];
    for (const trusted of somebody) {
      for (const listed of [[], ['x-forwarded-host', 'x-forwarded-proto']]) {
        const given = { fields, shown: { fields: listed }, upstream: far, set: { 'trust proxy': trusted } };
        const read = ({ hostname, protocol, headers }: Loose) => [
          hostname,
          protocol,
          headers['x-forwarded-host'],
        ];
        const [theirs, ours] = await both(version, read, given);
        expect(theirs).toEqual(['shop.example', 'http', 'evil.example']);
        // It may be read where it is in the key; but where everybody else would be believed, nobody can say it.
        const shown = listed.length > 0 && typeof trusted === 'string' ? 'evil.example' : undefined;
        expect(ours).toEqual(['shop.example', 'http', shown]);
      }
    }
  });

  it('the place where the client has come to, until it goes', async () => {
    const { ask, unseen, forwarded, live } = stage(version, ({ express, app, own }) => {
      const router = express.Router();
      router.get('/:id', own, (_req, res) => {
        const [mine, theirs] = [forwarded[0]!.req, live().req];
        if (mine.url !== theirs.url) throw new Error('left');
        expect(mine).toMatchObject({ url: '/7?a=1', baseUrl: '/in', params: { id: '7' }, query: { a: '1' } });
        expect(requestHead(mine)).toMatchObject({ ...requestHead(theirs), fields: expect.anything() });
        expect(mine.route).toBe(theirs.route);
        res.send('x');
      });
      app.use('/in', router);
    });
    expect((await ask('/in/7?a=1')).status).toBe(200);
    expect((await unseen()).status).toBe(200);
  });
});

describe('a request that nobody sent', () => {
  const version = VERSIONS.at(-1)!;

  it('runs where its client has left, and does not hear of it', async () => {
    let leave: () => void = () => {};
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const { ask, server, unseen, forwarded } = stage(
      version,
      ({ app, own }) => {
        app.get('/x', own, async (req, res) => {
          const told: string[] = [];
          for (const name of ['close', 'aborted', 'error']) {
            req.on(name, () => told.push(`req ${name}`));
            res.on(name, () => told.push(`res ${name}`));
          }
          if (req !== forwarded[0]!.req) {
            req.socket.once('close', leave);
            server.closeAllConnections();
            return;
          }
          await left;
          await new Promise(setImmediate);
          res.send(told.join() || 'nothing');
        });
      },
      { start: 'ahead' },
    );
    await expect(ask('/x')).rejects.toThrow();
    expect(await unseen()).toMatchObject({ status: 200, body: 'nothing', finished: true });
  });

  it('runs in the asynchronous context of the request that triggered it', async () => {
    const context = new AsyncLocalStorage<string>();
    const { ask, unseen, forwarded } = stage(
      version,
      ({ app, own }) => {
        app.use((_req, _res, next) => context.run('theirs', next), own);
        app.get('/x', async (_req, res) => {
          await new Promise(setImmediate);
          res.send(context.getStore());
        });
      },
      { start: 'by hand' },
    );
    await ask('/x');
    context.run('ours', () => forwarded[0]!.start());
    expect((await unseen()).body).toBe('theirs');
  });

  it('does not go once it was aborted', async () => {
    const made = stage(version, ({ app, own, behind }) => {
      const handler = behind('handler', (_req, res) => {
        made.forwarded[0]!.abort();
        res.send('x');
      });
      app.get('/x', own, handler);
    });
    await made.ask('/x');
    expect(await made.unseen()).toMatchObject({ body: '', finished: false });
    made.forwarded[0]!.start();
    expect(made.runs).toEqual({ handler: 1 });
  });
});
