import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { systemClock } from '@larder/core';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { Listener } from '../src/listener.ts';

/** How a server asks for a password as it is. */
const GIVE_PASSWORD = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

it('logs in as the pool does, which hides its password from being copied', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const pool = new pg.Pool({ host: '127.0.0.1', port, user: 'shop', password: 'secret' });
  const listener = new Listener({
    place: pool.options,
    clock: systemClock,
    heard: () => {},
    failed: () => {},
  });
  onTestFinished(() => listener.close());
  const [socket] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => void socket.destroy());
  await once(socket, 'data');
  socket.write(GIVE_PASSWORD);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString('latin1')).toMatch(/^p.{4}secret\0$/s);
});
