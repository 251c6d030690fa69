import type { Report } from '@larder/core';
import { describe, expect, it } from 'vitest';
import { orderOf } from '../src/cli/order.ts';
import { print } from '../src/cli/print.ts';
import { told } from './doctor-terminal.ts';

const WRONG_URL = /^the URL is no redis:\/\/, rediss:\/\/ or unix:\/\/ URL/;

describe('larder', () => {
  it('doctor asks the Redis on this machine, REDIS_URL, or the one given', () => {
    const urlOf = (args: string[], env: NodeJS.ProcessEnv) => orderOf(['doctor', ...args], env);
    const REDIS_URL = 'redis://cache:6379';
    expect(urlOf([], {})).toMatchObject({ url: 'redis://127.0.0.1:6379' });
    expect(urlOf([], { REDIS_URL })).toMatchObject({ url: REDIS_URL });
    expect(urlOf(['redis://other'], { REDIS_URL })).toMatchObject({ url: 'redis://other' });
  });

  it('doctor takes options', () => {
    const options = ['--json', '--prefix', 'app:', '--namespace', 'shop', '--ca', 'ca.pem', '--sample', '50'];
    expect(orderOf(['doctor', 'rediss://cache', ...options], {})).toEqual({
      kind: 'doctor',
      url: 'rediss://cache',
      json: true,
      keyPrefix: 'app:',
      namespace: 'shop',
      ca: 'ca.pem',
      sample: 50,
    });
  });

  it.each([
    ['no command', [], /a command is missing/],
    ['another command', ['nurse'], /the only command/],
    ['two URLs', ['doctor', 'redis://a', 'redis://b'], /one URL too many/],
    ['an unknown option', ['doctor', '--fast'], /Unknown option '--fast'/],
    ['an option without its value', ['doctor', '--ca'], /--ca/],
    ['no number', ['doctor', '--sample', 'all'], /--sample wants a whole number/],
    ['none at all', ['doctor', '--sample', '0'], /--sample wants a whole number/],
    ['a certificate without TLS', ['doctor', 'redis://a', '--ca', 'ca.pem'], /--ca is for/],
    ['another protocol', ['doctor', 'http://a'], WRONG_URL],
    ['what is no URL', ['doctor', 'redis://a:b:c'], WRONG_URL],
  ])('does not understand %s', (_, args, says) => {
    expect(orderOf(args, {})).toEqual({ kind: 'misused', says: expect.stringMatching(says) });
  });

  it.each([
    ['redis://:12#s3cret@cache:6379'],
    ['redis://app:12/s3cret@cache'],
    ['redis://app:s3cret@cache:no-port'],
    ['http://app:s3cret@cache'],
  ])('does not repeat a password in a URL that it does not understand: %s', async (url) => {
    const { code, err } = await told(['doctor', url]);
    expect(code).toBe(64);
    expect(err).toMatch(/see larder --help/);
    expect(err).not.toMatch(/s3cret|12/);
  });

  it.each([[['--help']], [['doctor', '-h']], [['help']]])('%s says how it is used', async (args) => {
    const { code, out } = await told(args);
    expect(code).toBe(0);
    expect(out).toMatch(/^Usage: larder doctor \[redis-url\]/);
  });

  it('does not go on without the certificate that it was to trust', async () => {
    const { code, err } = await told(['doctor', 'rediss://127.0.0.1:1', '--ca', '/nowhere/ca.pem']);
    expect(code).toBe(64);
    expect(err).toContain('--ca cannot be read');
  });
});

describe('a report for people', () => {
  const report: Report = {
    findings: [
      { check: 'role', severity: 'ok', says: 'It is a master.' },
      {
        check: 'latency',
        severity: 'notice',
        says: 'From here a PING takes as long as it takes.',
        fix: 'Move the two of them closer together.',
      },
      { check: 'maxmemory', severity: 'critical', says: 'None.', fix: 'Set it.' },
    ],
  };

  it('begins with the worst, and says what to do', () => {
    expect(print(report, 58)).toBe(`critical  maxmemory         None.
                            → Set it.
notice    latency           From here a PING takes as long
                            as it takes.
                            → Move the two of them closer
                            together.
ok        role              It is a master.

1 critical, 1 notice, 1 ok
`);
  });

  it('tells of each node by itself, and of all of them at the end', () => {
    const findings = ['b:1', 'a:1'].map((node) => ({ ...report.findings[0]!, node }));
    const sizing = {
      sampledEntries: 2,
      averageBytes: 2048,
      entries: 3000,
      overhead: 1,
      neededBytes: 6_144_000,
    };
    expect(print({ findings, sizing }, 80)).toBe(`b:1

ok        role              It is a master.

a:1

ok        role              It is a master.

All nodes: about 3,000 entries of 2 KiB need 5.9 MiB.

2 ok
`);
  });
});
