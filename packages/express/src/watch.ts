import type { Fields, Reads } from '@larder/core';
import type { Request } from 'express';
import { NOBODYS, ReadLog } from './read-log.ts';
import { fieldsOfRequest } from './request-head.ts';
import { shownCookies, shownFields, shownLines, shownRaw, type Values, type WatchRules } from './shown.ts';
import type { Watchable, Watched, WatchedProperty } from './watched-properties.ts';
import { ALWAYS, PARSED_COOKIES, WATCH } from './watched-properties.ts';
import { COOKIES, FIELDS, type Tally, WatchedValues } from './watched-values.ts';

export type { WatchRules } from './shown.ts';

/** What a handler reads of its request while it fills the cache. */
export interface Watch {
  /** The request's fields as the client sent them. */
  readonly asked: Fields;
  /** Lower-case names of fields read one by one, there or not. */
  readonly fields: ReadonlySet<string>;
  /** All fields were read at once: spread, listed, `rawHeaders`. */
  readonly wholesale: boolean;
  /** Names of cookies that somebody had parsed before, read one by one; reading the field is the field `cookie`. */
  readonly cookies: ReadonlySet<string>;
  /** `user`, `auth`, `session` where they held something; `ip`. */
  readonly others: ReadonlySet<string>;
  /** Runs what is not the handler, without a record and on the request as the client sent it. */
  outside<T>(run: () => T): T;
  /** What `run` reads of the request as the handler is to see it, on a record of its own. */
  readBy(run: () => void): Reads;
  /** Puts the request back as it came, with what the handler wrote on it. Nothing is recorded from then on. */
  restore(): void;
}

/** Watches what is read of a request from now on, and shows of it what the rules allow. */
export function watch(req: Request, rules: WatchRules): Watch {
  if (Object.hasOwn(req, WATCH)) watchOf(req)?.displace();
  return new RequestWatch(req, rules);
}

/**
 * Stops the record of a request that is being watched; what is hidden stays hidden. The function that comes back
 * takes it up again, once. Undefined where nobody watches.
 */
export function suspend(req: Request): (() => void) | undefined {
  const log = watchOf(req)?.log;
  if (log === undefined) return undefined;
  log.pause();
  let suspended = true;
  return () => {
    if (suspended) log.resume();
    suspended = false;
  };
}

const watchOf = (req: Request): RequestWatch | undefined =>
  (req as Watchable)[WATCH] as RequestWatch | undefined;

class RequestWatch implements Watch, Watched {
  readonly asked: Fields;
  #log = new ReadLog();
  readonly #req: Request;
  readonly #rules: WatchRules;
  readonly #properties: WatchedProperty[] = [];
  /** The request's own properties that accessors stand in for. */
  readonly #before = new Map<string, PropertyDescriptor>();
  readonly #written = new Map<string, unknown>();
  readonly #views = new Map<string, WatchedValues>();
  #rawShown: string[] | undefined;
  #outside = 0;
  #over = false;

  constructor(req: Request, rules: WatchRules) {
    this.#req = req;
    this.#rules = rules;
    this.asked = fieldsOfRequest({ headers: req.headers });
    for (const property of ALWAYS) this.#standIn(property);
    for (const property of PARSED_COOKIES) {
      if (isObject(Reflect.getOwnPropertyDescriptor(req, property.name)?.value)) this.#standIn(property);
    }
    Reflect.defineProperty(req, WATCH, { value: this, configurable: true });
  }

  get log(): ReadLog {
    return this.#isHere ? this.#log : NOBODYS;
  }

  get fields(): ReadonlySet<string> {
    return this.#log.fields;
  }

  get wholesale(): boolean {
    return this.#log.wholesale;
  }

  get cookies(): ReadonlySet<string> {
    return this.#log.cookies;
  }

  get others(): ReadonlySet<string> {
    return this.#log.others;
  }

  get asSent(): boolean {
    return this.#outside > 0 || this.#over || !this.#isHere;
  }

  get #isHere(): boolean {
    return this.#rules.here?.() ?? true;
  }

  outside<T>(run: () => T): T {
    this.#outside += 1;
    try {
      return this.#log.quietly(run);
    } finally {
      this.#outside -= 1;
    }
  }

  isKeyed(name: 'hostname' | 'host' | 'protocol', value: unknown): boolean {
    const { scheme, authority } = this.#rules.keyed;
    if (name === 'protocol') return value === scheme;
    const host = String(value ?? '').toLowerCase();
    return host === authority || host === authority.replace(/:\d*$/, '');
  }

  readBy(run: () => void): Reads {
    const log = this.#log;
    const apart = new ReadLog();
    this.#log = apart;
    try {
      run();
    } finally {
      this.#log = log;
    }
    return apart;
  }

  /** Another watch takes its place while somebody still reads: from now on anything may have been read. */
  displace(): void {
    this.#log.allFields();
    this.restore();
  }

  restore(): void {
    if (this.#over) return;
    this.#over = true;
    this.#log.pause();
    const back = this.#properties.map((property) => this.#putBack(property));
    // Whoever has put accessors of his own over ours will put ours back: they go on, and show what there is.
    if (back.every(Boolean)) Reflect.deleteProperty(this.#req, WATCH);
  }

  value(name: string, self: object): unknown {
    return this.#written.has(name) ? this.#written.get(name) : this.#sent(name, self);
  }

  view(name: string, self: object): unknown {
    if (!this.#isHere) return this.value(name, self);
    if (this.asSent) return this.#sent(name, self);
    if (this.#written.has(name)) return this.#written.get(name);
    if (name === 'rawHeaders') {
      this.#rawShown ??= shownRaw(this.#sent(name, self) as string[], this.#rules);
      return this.#rawShown;
    }
    const view = this.#viewOf(name, self);
    return this.#rules.unrecorded ? view.plain : view.proxy;
  }

  write(name: string, self: object, value: unknown): void {
    const before = this.#before.get(name);
    if (self !== this.#req) defineValue(self, name, value);
    else if (before?.set !== undefined) before.set.call(self, value);
    else if (before === undefined || before.writable === true) {
      if (before === undefined) Reflect.defineProperty(self, name, { enumerable: true });
      this.#written.set(name, value);
    }
  }

  #standIn(property: WatchedProperty): void {
    const { name } = property;
    const before = Reflect.getOwnPropertyDescriptor(this.#req, name);
    if (before !== undefined) this.#before.set(name, before);
    const accessor = before?.enumerable ? property.own : property.absent;
    if (Reflect.defineProperty(this.#req, name, accessor)) this.#properties.push(property);
    else property.unwatchable(this, this.#req);
  }

  /** The handler may have removed an accessor, or put a property of its own in its place. False where it may come back. */
  #putBack({ name, own }: WatchedProperty): boolean {
    const now = Reflect.getOwnPropertyDescriptor(this.#req, name)?.get;
    if (now !== own.get) return now === undefined;
    const before = this.#before.get(name);
    if (before === undefined) Reflect.deleteProperty(this.#req, name);
    else Reflect.defineProperty(this.#req, name, before);
    const view = this.#views.get(name);
    if (this.#written.has(name)) Reflect.set(this.#req, name, this.#written.get(name));
    else if (view?.changed) Reflect.set(this.#req, name, view.settle());
    return true;
  }

  /** Read beneath the accessors, from wherever Express has hung the request by now. */
  #sent(name: string, self: object): unknown {
    const before = this.#before.get(name);
    if (before === undefined) return Reflect.get(Object.getPrototypeOf(this.#req), name, self);
    return before.get === undefined ? before.value : before.get.call(self);
  }

  #viewOf(name: string, self: object): WatchedValues {
    const known = this.#views.get(name);
    if (known !== undefined) return known;
    // Node makes headersDistinct from rawHeaders, when somebody asks for it first.
    const sent = this.outside(() => this.#sent(name, self)) as Values;
    const { show, tally } = KINDS[name]!;
    const view = new WatchedValues(this, tally, sent, show(sent, this.#rules));
    this.#views.set(name, view);
    return view;
  }
}

interface Kind {
  readonly tally: Tally;
  show(sent: Values, rules: WatchRules): Values;
}

const KINDS: Readonly<Record<string, Kind>> = {
  headers: { tally: FIELDS, show: shownFields },
  headersDistinct: { tally: FIELDS, show: shownLines },
  cookies: { tally: COOKIES, show: shownCookies },
  signedCookies: { tally: COOKIES, show: shownCookies },
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const defineValue = (on: object, name: string, value: unknown) =>
  Reflect.defineProperty(on, name, { value, writable: true, enumerable: true, configurable: true });
