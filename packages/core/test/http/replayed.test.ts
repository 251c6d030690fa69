import { describe, expect, it } from 'vitest';
import { replayable } from '../../src/http/replayed.ts';
import { fieldsFrom, type Given, linesFrom } from '../support/heads.ts';

const replayed = (given: Given) => replayable(linesFrom(given), fieldsFrom(given));

describe('a stored response', () => {
  it('has every field that it came with, known or not, as it was written (RFC 9111 §3.1)', () => {
    const given = {
      'Content-Type': 'text/plain',
      'X-Unknown': '',
      LINK: ['</a>', '</b>'],
      Date: 'x',
      ETag: '"a"',
    };
    expect(replayed(given)).toEqual(linesFrom(given));
  });

  it.each(['Connection', 'Keep-Alive', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'UPGRADE'])(
    'has no %s, which is the connection’s (RFC 9110 §7.6.1)',
    (name) => expect(replayed({ [name]: 'x' })).toEqual([]),
  );

  it('has no field that Connection names (RFC 9110 §7.6.1)', () => {
    const given = { Connection: 'close, X-Hop ,, x-OTHER', 'x-hop': '1', 'X-Other': '2', 'X-End': '3' };
    expect(replayed(given)).toEqual([['X-End', '3']]);
    expect(replayed({ Connection: ['x-a', 'x-b'], 'X-A': '1', 'X-B': '2' })).toEqual([]);
  });

  it.each(['Proxy-Authenticate', 'Proxy-Authentication-Info', 'Proxy-Authorization'])(
    'has no %s, which is a proxy’s (RFC 9111 §3.1)',
    (name) => expect(replayed({ [name]: 'x' })).toEqual([]),
  );

  it.each(['Age', 'Cache-Status', 'X-Cache', 'Content-Length', 'Larder-Cache-Control'])(
    'has no %s, which each reply has anew or not at all',
    (name) => expect(replayed({ [name]: '1' })).toEqual([]),
  );

  it.each(['Set-Cookie', 'X-Request-Id', 'RateLimit-Remaining', 'Server-Timing', 'traceparent', 'Warning'])(
    'has no %s, which is of one exchange',
    (name) => expect(replayed({ [name]: 'x' })).toEqual([]),
  );
});
