import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  flipEvery,
  type LocalRedis,
  type Sent,
  SILENCE,
  spawnRedis,
  type TcpProxy,
  tcpProxy,
} from '../../src/index.ts';
import { ask, isListening, until } from '../support/helpers.ts';
import { talkTo } from '../support/talk.ts';

vi.setConfig({ testTimeout: 30_000 });

const PONG = '+PONG\r\n';
const command = (...parts: string[]) =>
  `*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}`).join('\r\n')}`;

const MEGABYTE = '.'.repeat(1024 * 1024);
/** Megabytes that no kernel keeps for a reader. */
const MANY = 40;

/** Resolves once it is the same for a while. */
async function unchanged(number: () => number): Promise<void> {
  let [last, same] = [number(), 0];
  await until(() => {
    same = number() === last ? same + 1 : 0;
    last = number();
    return same === 10;
  });
}

let redis: LocalRedis;
let proxy: TcpProxy;

beforeEach(async () => {
  redis = await spawnRedis();
  onTestFinished(() => redis.stop());
  proxy = await tcpProxy(redis.port);
  onTestFinished(() => proxy.stop());
});

describe('tcpProxy', () => {
  it('passes on what it gets, and counts it', async () => {
    const heard: Sent[] = [];
    const untap = proxy.tap((sent) => heard.push(sent));
    const [one, two] = [await talkTo(proxy.port), await talkTo(proxy.port)];
    const [set, get] = [command('SET', 'a', 'b c'), command('get', 'a')];
    one.say(`${set}\r\n${get}`);
    expect(await one.hears(14)).toBe('+OK\r\n$3\r\nb c\r\n');
    untap();
    two.say(get);
    await two.hears(9);
    expect([proxy.accepted, proxy.connections.length]).toEqual([2, 2]);
    expect([proxy.sent(), proxy.sent('SET'), proxy.sent('get'), proxy.sent('del')]).toEqual([3, 1, 2, 0]);
    expect(heard.map(({ name, args }) => [name, ...args])).toEqual([
      ['set', 'a', 'b c'],
      ['get', 'a'],
    ]);
    expect(heard[0]!.connection.sent('get')).toBe(1);
    expect(proxy.passed).toEqual({ requests: set.length + 2 * get.length + 6, replies: 23 });
  });

  it('delays one connection and not another', async () => {
    const [slow, quick] = [await talkTo(proxy.port), await talkTo(proxy.port)];
    proxy.impose({ replies: { delayMs: 300 } }, (connection) => connection.sent('echo') > 0);
    slow.say(command('ECHO', 'hello'));
    await until(() => proxy.sent('echo') === 1);
    quick.say(command('PING'));
    await quick.hears(PONG.length);
    expect(slow.heard).toEqual([]);
    expect(await slow.hears(11)).toBe('$5\r\nhello\r\n');
  });

  it('lets no more through in a second than it is told', async () => {
    proxy.impose({ replies: { bytesPerSecond: 200 } });
    const client = await talkTo(proxy.port);
    client.say(command('ECHO', '.'.repeat(60)));
    expect(await client.hears(67)).toBe(`$60\r\n${'.'.repeat(60)}\r\n`);
    expect(client.heard.length).toBeGreaterThan(2);
  });

  it('holds what is said in one direction, without an end, and gives it all when it is let go', async () => {
    const client = await talkTo(proxy.port);
    const letGo = proxy.impose({ replies: { hold: true } });
    client.say(command('INCR', 'a'));
    await until(async () => (await ask(redis.url, 'GET a')) === '$1\r\n1\r\n');
    client.say(command('INCR', 'a'));
    await until(async () => (await ask(redis.url, 'GET a')) === '$1\r\n2\r\n');
    await redis.kill('SIGKILL');
    expect([client.heard, proxy.passed.replies]).toEqual([[], 0]);
    letGo();
    expect(await client.hears(8)).toBe(':1\r\n:2\r\n');
    await client.over;
  });

  it('keeps who says too much waiting while it holds', async () => {
    const client = connect(proxy.port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    const letGo = proxy.impose({ requests: { hold: true } });
    let taken = 0;
    const megabytes = function* () {
      yield `*3\r\n$3\r\nSET\r\n$1\r\na\r\n$${MANY * MEGABYTE.length}\r\n`;
      for (; taken < MANY; taken += 1) yield MEGABYTE;
      yield '\r\n';
    };
    const sending = pipeline(Readable.from(megabytes()), client, { end: false });
    await unchanged(() => taken);
    expect(taken).toBeLessThan(MANY);
    letGo();
    await sending;
    const length = `:${MANY * MEGABYTE.length}\r\n`;
    await until(async () => (await ask(redis.url, 'STRLEN a')) === length);
  });

  it('holds those that do what it is told to look for, from the moment they do it', async () => {
    const [subscriber, other] = [await talkTo(proxy.port), await talkTo(proxy.port)];
    subscriber.say(command('PING'));
    await subscriber.hears(PONG.length);
    proxy.impose({ requests: { hold: true } }, (connection) => connection.sent('subscribe') > 0);
    subscriber.say(command('SUBSCRIBE', 'a'));
    await until(() => proxy.sent('subscribe') === 1);
    other.say(command('PUBSUB', 'NUMSUB', 'a'));
    expect(await other.hears(15)).toBe('*2\r\n$1\r\na\r\n:0\r\n');
  });

  it('accepts and never answers, whether or not there is a server', async () => {
    await redis.kill('SIGKILL');
    proxy.impose(SILENCE);
    const client = await talkTo(proxy.port);
    client.say(command('HELLO', '3'));
    await until(() => proxy.sent('hello') === 1);
    expect([client.heard, proxy.connections.length, proxy.passed.requests]).toEqual([[], 1, 0]);
  });

  it('resets connections', async () => {
    const [one, other] = [await talkTo(proxy.port), await talkTo(proxy.port)];
    for (const [client, name] of [
      [one, 'one'],
      [other, 'other'],
    ] as const) {
      client.say(command('ECHO', name));
      await client.hears(1);
    }
    const [first] = proxy.connections;
    proxy.cut((connection) => connection === first);
    expect(await one.broken).toBe('ECONNRESET');
    other.say(command('PING'));
    expect(await other.hears(18)).toContain(PONG);
    await until(() => proxy.connections.length === 1);
  });

  it('ends what the server says, and still hears the client', async () => {
    const client = await talkTo(proxy.port);
    client.say(command('PING'));
    await client.hears(PONG.length);
    proxy.halfClose();
    await client.ended;
    client.say(command('SET', 'a', 'late'));
    await until(async () => (await ask(redis.url, 'GET a')) === '$4\r\nlate\r\n');
  });

  it('cuts a reply short', async () => {
    const client = await talkTo(proxy.port);
    proxy.impose({ replies: { truncateTo: 6 } });
    client.say(command('ECHO', 'hello'));
    await client.over;
    expect(client.heard.join('')).toBe('$5\r\nhe');
    await until(() => proxy.connections.length === 0);
  });

  it('flips bits', async () => {
    const client = await talkTo(proxy.port);
    proxy.impose({ replies: { alter: flipEvery(5) } });
    client.say(command('ECHO', 'hello'));
    expect(await client.hears(11)).toBe('$5\r\niello\f\n');
  });

  it('refuses connections, keeps those there are, and accepts again', async () => {
    const client = await talkTo(proxy.port);
    proxy.refuse();
    const refused = connect(proxy.port, '127.0.0.1');
    const [problem] = await once(refused, 'error');
    expect(problem.code).toBe('ECONNREFUSED');
    client.say(command('PING'));
    expect(await client.hears(PONG.length)).toBe(PONG);
    await proxy.accept();
    expect(await ask(proxy.url, 'PING')).toBe(PONG);
  });

  it('breaks a connection whose server is gone', async () => {
    const client = await talkTo(proxy.port);
    client.say(command('PING'));
    await client.hears(PONG.length);
    await redis.kill('SIGKILL');
    await client.over;
    const next = await talkTo(proxy.port);
    expect(await next.broken).toBe('ECONNRESET');
  });

  it('leaves nothing open when it stops', async () => {
    const client = await talkTo(proxy.port);
    proxy.impose(SILENCE);
    await proxy.stop();
    await client.over;
    expect(await isListening(proxy.url)).toBe(false);
    expect(proxy.connections).toEqual([]);
  });
});
