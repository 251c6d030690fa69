import { expect, it, onTestFinished } from 'vitest';
import { overhear, spawnRedis } from '../../src/index.ts';
import { ask, until } from '../support/helpers.ts';

it('hears what a Redis is told, to the letter, from then on', async () => {
  const server = await spawnRedis();
  onTestFinished(() => server.stop());
  await ask(server.url, 'SET before 1');
  const { commands, stop } = await overhear(server.url);
  onTestFinished(stop);
  await ask(server.url, String.raw`SET "a \"key\"" "two\r\nlines \\ \xff"`);
  await until(() => commands.length > 0);
  expect(commands).toEqual([['SET', 'a "key"', 'two\r\nlines \\ ÿ']]);
});
