import type { Request } from 'express';
import type { ReadLog } from './read-log.ts';

/** What the accessors on a watched request ask of its watch. */
export interface Watched {
  readonly log: ReadLog;
  /** The property as it would be without a watch; `self` is what it was asked of. */
  value(name: string, self: object): unknown;
  /** The property as the client sent it, or as the handler is to see it. */
  view(name: string, self: object): unknown;
  write(name: string, self: object, value: unknown): void;
  /** Whether the key was made from what Express says there. */
  isKeyed(name: 'hostname' | 'host' | 'protocol', value: unknown): boolean;
}

export const WATCH: unique symbol = Symbol('larder.watch');

export type Watchable = Request & { [WATCH]?: Watched };

export interface WatchedProperty {
  readonly name: string;
  /** In place of a property of the request's own. */
  readonly own: PropertyDescriptor;
  /** In place of one that the request inherits or has not. */
  readonly absent: PropertyDescriptor;
  /** What cannot be watched counts as read. */
  unwatchable(watched: Watched, self: object): void;
}

type Read = (watched: Watched, self: object) => unknown;

function property(name: string, read: Read, more: Partial<WatchedProperty> = {}): WatchedProperty {
  const own: PropertyDescriptor = {
    get(this: Watchable) {
      return read(this[WATCH]!, this);
    },
    set(this: Watchable, value: unknown) {
      this[WATCH]!.write(name, this, value);
    },
    enumerable: true,
    configurable: true,
  };
  return { name, own, absent: { ...own, enumerable: false }, unwatchable: read, ...more };
}

/** Objects whose values are watched one by one. */
const watchedValues = (name: string, unwatchable: (log: ReadLog) => void): WatchedProperty =>
  property(name, (watched, self) => watched.view(name, self), {
    unwatchable: ({ log }) => unwatchable(log),
  });

/** Getters of Express read fields to tell what the cache answers. */
const covered = (name: string): WatchedProperty =>
  computed(name, (watched, self) => watched.log.quietly(() => watched.value(name, self)));

/**
 * Or what the key covers already; unless they tell otherwise than it does, which a sub-app that trusts other proxies
 * makes them: then it is the field that they were read from.
 */
const keyed = (name: 'hostname' | 'host' | 'protocol', field: string): WatchedProperty =>
  computed(name, (watched, self) => {
    const value = watched.log.quietly(() => watched.value(name, self));
    if (!watched.isKeyed(name, value)) watched.log.field(field);
    return value;
  });

const address = (name: string): WatchedProperty =>
  computed(name, (watched, self) => {
    watched.log.other('ip');
    return watched.log.quietly(() => watched.value(name, self));
  });

/** Express gives no setter: assigning throws in strict code, and does nothing elsewhere. */
function computed(name: string, read: Read): WatchedProperty {
  const made = property(name, read);
  return { ...made, absent: { ...made.absent, set: undefined } };
}

/** Who is asking, as far as somebody has said so. */
const identity = (name: string, other: string): WatchedProperty =>
  property(name, (watched, self) => {
    const value = watched.log.quietly(() => watched.value(name, self));
    if (value !== undefined && value !== null && value !== false) watched.log.other(other);
    return value;
  });

const allFields = (log: ReadLog) => log.allFields();
const cookieField = (log: ReadLog) => log.field('cookie');

/** `subdomains`, `secure`, `stale`, `get`, `accepts` and their like go through these by themselves. */
export const ALWAYS: readonly WatchedProperty[] = [
  // First, for it is there already: an accessor in its place makes the engine treat the request as a dictionary,
  // and to that the others are added several times as fast as to an object whose shape it keeps.
  property('rawHeaders', (watched, self) => {
    watched.log.allFields();
    return watched.view('rawHeaders', self);
  }),
  watchedValues('headers', allFields),
  watchedValues('headersDistinct', allFields),
  keyed('hostname', 'x-forwarded-host'),
  keyed('host', 'x-forwarded-host'),
  keyed('protocol', 'x-forwarded-proto'),
  covered('fresh'),
  ...['ip', 'ips'].map(address),
  ...['user', 'auth', 'session'].map((name) => identity(name, name)),
  identity('sessionID', 'session'),
];

/** What cookie-parser puts on a request. Parsed behind the cache, they come from a field that is watched. */
export const PARSED_COOKIES: readonly WatchedProperty[] = ['cookies', 'signedCookies'].map((name) =>
  watchedValues(name, cookieField),
);
