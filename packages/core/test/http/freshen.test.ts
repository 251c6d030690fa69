import { describe, expect, it } from 'vitest';
import { comparedByHead, freshenedLines, isAbout } from '../../src/http/freshen.ts';
import { ago, fieldsFrom, type Given, linesFrom } from '../support/heads.ts';

const updated = (stored: Given, newer: Given) => freshenedLines(linesFrom(stored), linesFrom(newer));

describe('a stored head that is updated (RFC 9111 §3.2)', () => {
  it('has each field of the newer one in place of its own, and keeps the others', () => {
    expect(updated({ Date: 'old', A: '1', B: '2' }, { Date: 'new', B: '3', C: '4' })).toEqual(
      linesFrom({ A: '1', Date: 'new', B: '3', C: '4' }),
    );
  });

  it('has no line left of a field that the newer one has, whatever its case', () => {
    expect(updated({ Link: ['</a>', '</b>'], VARY: 'accept' }, { link: '</c>', Vary: 'cookie' })).toEqual(
      linesFrom({ link: '</c>', Vary: 'cookie' }),
    );
  });

  it('has all lines of a field that the newer one has', () => {
    const newer = [...linesFrom({ Link: '</a>' }), ...linesFrom({ link: '</b>' })];
    expect(freshenedLines(linesFrom({ Link: '</old>' }), newer)).toEqual(newer);
  });

  it.each(['Content-Length', 'Content-Encoding', 'Content-Range', 'content-type'])(
    'keeps its %s, which is about the bytes that are stored',
    (name) => {
      expect(updated({ [name]: 'old' }, { [name]: 'new' })).toEqual([[name, 'old']]);
      expect(updated({}, { [name]: 'new' })).toEqual([]);
    },
  );
});

describe('a 304 (RFC 9111 §4.3.4)', () => {
  const about = (stored: Given, notModified: Given) => isAbout(fieldsFrom(stored), fieldsFrom(notModified));

  it.each<[string, Given, Given, boolean]>([
    ['with the same strong entity tag is', { ETag: '"a"' }, { ETag: '"a"' }, true],
    ['with another strong one is not', { ETag: '"a"' }, { ETag: '"b"' }, false],
    ['with a strong one is not about a weak one', { ETag: 'W/"a"' }, { ETag: '"a"' }, false],
    ['with a strong one is not where there was none', { 'Last-Modified': ago(9) }, { ETag: '"a"' }, false],
    [
      'with another is not, by the same date either',
      { ETag: '"a"', 'Last-Modified': ago(9) },
      { ETag: '"b"', 'Last-Modified': ago(9) },
      false,
    ],
    ['with the same weak one is', { ETag: 'W/"a"' }, { ETag: 'W/"a"' }, true],
    ['with a weak one is about the strong one it corresponds to', { ETag: '"a"' }, { ETag: 'W/"a"' }, true],
    ['with another weak one is not', { ETag: 'W/"a"' }, { ETag: 'W/"b"' }, false],
    [
      'with the same Last-Modified alone is',
      { ETag: '"a"', 'Last-Modified': ago(9) },
      { 'Last-Modified': ago(9) },
      true,
    ],
    [
      'with another Last-Modified alone is not',
      { ETag: '"a"', 'Last-Modified': ago(9) },
      { 'Last-Modified': ago(8) },
      false,
    ],
    ['with a Last-Modified is not where there was none', { ETag: '"a"' }, { 'Last-Modified': ago(9) }, false],
    ['without a validator is about the only one asked about', { ETag: '"a"' }, {}, true],
    ['without one that can be read is, too', { ETag: '"a"' }, { ETag: 'a', 'Last-Modified': 'now' }, true],
  ])('%s: of %j, %j', (_, stored, notModified, expected) =>
    expect(about(stored, notModified)).toBe(expected),
  );
});

describe('a HEAD’s answer (RFC 9111 §4.3.5)', () => {
  const STORED = { ETag: '"a"', 'Last-Modified': ago(9) };
  const compared = (head: Given, stored: Given = STORED, ownEtag = false) =>
    comparedByHead(fieldsFrom(head), { fields: fieldsFrom(stored), ownEtag, length: 10 });

  it.each<Given>([
    { ETag: '"a"' },
    { ETag: 'W/"a"' },
    { 'Last-Modified': ago(9) },
    { ...STORED, 'Content-Length': '10' },
    { ETag: '"a"', 'Content-Encoding': 'gzip', 'Content-Length': '4' },
  ])('is the same where a validator is: %j', (head) => expect(compared(head)).toBe('same'));

  it.each<Given>([
    { ETag: '"b"' },
    { 'Last-Modified': ago(8) },
    { 'Content-Length': '11' },
    { 'Content-Length': '0' },
    { 'Content-Length': ['10', '10'] },
    { 'Content-Length': 'x' },
    { ...STORED, 'Content-Length': '11' },
    { ETag: '"b"', 'Last-Modified': ago(9), 'Content-Length': '10' },
  ])('has changed where one of them, or the length, has: %j', (head) =>
    expect(compared(head)).toBe('changed'),
  );

  it.each<[Given, Given, boolean]>([
    [{}, STORED, false],
    [{ 'Content-Length': '10' }, STORED, false],
    [{ ETag: '"a"' }, {}, false],
    [{ ETag: '"a"' }, { ETag: '"a"' }, true],
    [{ ETag: '"b"' }, { ETag: '"a"' }, true],
  ])('says nothing where there is nothing of the handler’s to compare: %j, %j', (head, stored, own) =>
    expect(compared(head, stored, own)).toBe('unknown'),
  );
});
