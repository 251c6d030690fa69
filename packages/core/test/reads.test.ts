import { describe, expect, it } from 'vitest';
import {
  NOTHING_READ,
  type Reading,
  type ReadRules,
  type Reads,
  uncoveredFields,
  unkeyed,
} from '../src/reads.ts';

const RULES: ReadRules = {
  ttl: 60,
  vary: [],
  credentialsCovered: false,
  cookies: 'bypass',
  reads: 'refuse',
  readsAllowed: [],
};

type Read = { readonly [name in 'fields' | 'cookies' | 'others']?: readonly string[] } & {
  readonly wholesale?: boolean;
};

const readsOf = ({ fields = [], cookies = [], others = [], wholesale = false }: Read): Reads => ({
  fields: new Set(fields),
  cookies: new Set(cookies),
  others: new Set(others),
  wholesale,
});
const reading = (read: Read, rules: Partial<ReadRules> = {}, rest: Partial<Reading> = {}): Reading => ({
  reads: readsOf(read),
  rules: { ...RULES, ...rules },
  authorized: false,
  hostKeyed: true,
  withContent: false,
  ...rest,
});
const why = (read: Read, rules?: Partial<ReadRules>, rest?: Partial<Reading>, varying: string[] = []) =>
  unkeyed(reading(read, rules, rest), varying);
const LANGUAGE = { fields: ['accept-language'] };

describe('a field that a handler has read', () => {
  it('keeps its response out, by name', () => expect(why(LANGUAGE)).toBe('unkeyed-accept-language'));

  it('is host itself, where the key was made from what a proxy says', () => {
    expect(why({ fields: ['host'] }, {}, { hostKeyed: false })).toBe('unkeyed-host');
  });

  it('is covered by the route’s vary, by the response’s Vary, or by the policy’s leave', () => {
    expect(why(LANGUAGE, { vary: ['accept-language'] })).toBeUndefined();
    expect(why(LANGUAGE, {}, {}, ['accept-language'])).toBeUndefined();
    expect(why(LANGUAGE, { readsAllowed: ['accept-language'] })).toBeUndefined();
    expect(why({ fields: ['accept-language', 'x'] }, { vary: ['accept-language'] })).toBe('unkeyed-x');
  });

  it.each([
    'host',
    'if-none-match',
    'if-modified-since',
    'range',
    'cache-control',
    'content-length',
    'traceparent',
  ])('shapes no response if it is %s', (name) => expect(why({ fields: [name] })).toBeUndefined());

  it.each(['content-type', 'content-language'])(
    'describes the request’s own content if there is any: %s',
    (name) => {
      expect(why({ fields: [name] }, {}, { withContent: true })).toBeUndefined();
      expect(why({ fields: [name] })).toBe(`unkeyed-${name}`);
    },
  );

  it.each([
    'user-agent',
    'accept',
    'accept-encoding',
    'origin',
    'x-forwarded-for',
    'x-forwarded-host',
    'forwarded',
    'prefer',
  ])('may shape the response if it is %s', (name) => expect(why({ fields: [name] })).toBe(`unkeyed-${name}`));

  it('is nobody’s by a name in upper case', () => expect(why({ fields: ['Accept'] })).toBeUndefined());

  it('is not named where its name is no token', () => expect(why({ fields: ['a b'] })).toBe('unkeyed-field'));

  it('is told with all others that are not covered', () => {
    const read = reading({ fields: ['host', 'accept', 'x', 'y'] }, { vary: ['accept'], readsAllowed: ['y'] });
    expect(uncoveredFields(read, [])).toEqual(['x']);
    expect(uncoveredFields(read, ['x'])).toEqual([]);
    expect(uncoveredFields(reading({ fields: ['b', 'a'] }), [])).toEqual(['b', 'a']);
  });
});

describe('Authorization that was read', () => {
  const read = { fields: ['authorization'] };

  it('is the same for every request that has none', () => expect(why(read)).toBeUndefined());

  it('keeps the response to a request that has it out', () => {
    expect(why(read, {}, { authorized: true })).toBe('unkeyed-authorization');
  });

  it('is covered where the key tells users apart', () => {
    expect(why(read, { credentialsCovered: true }, { authorized: true })).toBeUndefined();
  });
});

describe('cookies that were read', () => {
  it.each(['bypass', [], ['theme']] as const)(
    'are none, or in the key, where the policy says %j',
    (cookies) => {
      expect(why({ fields: ['cookie'], cookies: ['sid'] }, { cookies })).toBeUndefined();
    },
  );

  it('keep the response out where they are there to be left alone', () => {
    expect(why({ fields: ['cookie'] }, { cookies: 'unread' })).toBe('unkeyed-cookie');
    expect(why({ cookies: ['sid'] }, { cookies: 'unread' })).toBe('unkeyed-cookie');
    expect(why({ wholesale: true }, { cookies: 'unread' })).toBe('unkeyed-cookie');
    expect(why({}, { cookies: 'unread' })).toBeUndefined();
  });

  it('are covered where the key tells users apart', () => {
    const rules = { cookies: 'unread', credentialsCovered: true } as const;
    expect(why({ fields: ['cookie'], cookies: ['sid'] }, rules)).toBeUndefined();
  });
});

describe('who asks', () => {
  it.each(['user', 'auth', 'session'])('keeps the response out when it was read as %s', (other) => {
    expect(why({ others: [other] })).toBe(`unkeyed-${other}`);
    expect(why({ others: [other] }, { readsAllowed: [other] })).toBe(`unkeyed-${other}`);
    expect(why({ others: [other] }, { credentialsCovered: true })).toBeUndefined();
  });

  it('keeps it out when read as an address, unless the policy gives leave', () => {
    expect(why({ others: ['ip'] })).toBe('unkeyed-ip');
    expect(why({ others: ['ip'] }, { credentialsCovered: true })).toBe('unkeyed-ip');
    expect(why({ others: ['ip'] }, { readsAllowed: ['ip'] })).toBeUndefined();
  });
});

describe('all fields at once', () => {
  it('keep out what has its lifetime from the app', () => {
    expect(why({ wholesale: true })).toBe('unkeyed-headers');
  });

  it('are covered by Vary where the response says how long (RFC 9110 §12.5.5)', () => {
    expect(why({ wholesale: true }, { ttl: undefined })).toBeUndefined();
  });
});

describe('a policy that trusts', () => {
  it('looks at nothing', () => {
    const all = { fields: ['x'], cookies: ['sid'], others: ['user', 'ip'], wholesale: true };
    expect(why(all, { reads: 'trust', cookies: 'unread' })).toBeUndefined();
  });
});

describe('nothing read', () => {
  it('keeps nothing out', () => {
    for (const reads of ['refuse', 'vary', 'trust'] as const) {
      expect(unkeyed({ ...reading({}, { reads }), reads: NOTHING_READ }, [])).toBeUndefined();
    }
  });
});
