import { expect, it } from 'vitest';
import { csv } from '../src/http/csv.ts';

it.each([
  [['a', 1], 'a,1'],
  [['one, two', 'x'], '"one, two",x'],
  [['12" mug'], '"12"" mug"'],
  [['two\nlines', 'two\r\nlines'], '"two\nlines","two\r\nlines"'],
  [['', ' a '], ', a '],
])('CSV quotes what would tear a field apart, and nothing else: %j', (record, line) => {
  expect(csv([record, ['next']])).toBe(`${line}\r\nnext\r\n`);
});
