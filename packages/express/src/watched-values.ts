import { inspect } from 'node:util';
import type { ReadLog } from './read-log.ts';
import { copyOf, type Values } from './shown.ts';

/** How reads of an object count. */
export interface Tally {
  one(log: ReadLog, name: string): void;
  all(log: ReadLog): void;
  /** No client can send a value by this name. */
  cannotBeSent(name: string): boolean;
}

export const FIELDS: Tally = {
  one: (log, name) => log.field(name),
  all: (log) => log.allFields(),
  cannotBeSent: (name) => name !== name.toLowerCase(),
};

export const COOKIES: Tally = {
  one: (log, name) => log.cookie(name),
  all: (log) => log.field('cookie'),
  cannotBeSent: () => false,
};

/** What asks for values from outside the handler sees them as they were sent. */
export interface Viewpoint {
  readonly log: ReadLog;
  readonly asSent: boolean;
}

/**
 * A request's headers or parsed cookies as a handler gets them: reads by name and of everything are told apart
 * and recorded, and what it writes there is its own. The object that the client's values are in stays as it is.
 */
export class WatchedValues implements ProxyHandler<Values> {
  readonly proxy: Values;
  readonly #shown: Values;
  readonly #viewpoint: Viewpoint;
  readonly #tally: Tally;
  readonly #written = new Set<string | symbol>();
  #sent: Values;
  #untouched: Values | undefined;

  constructor(viewpoint: Viewpoint, tally: Tally, sent: Values, shown: Values) {
    this.#viewpoint = viewpoint;
    this.#tally = tally;
    this.#sent = sent;
    this.#shown = shown;
    this.proxy = new Proxy(shown, this);
    // Node's own inspection looks behind a proxy, past everything here that would notice.
    Reflect.defineProperty(shown, inspect.custom, {
      value: () => {
        tally.all(viewpoint.log);
        return { ...this.#view() };
      },
      configurable: true,
      writable: true,
    });
  }

  /** What is shown, with nobody looking: what is written there is found by comparing afterwards. */
  get plain(): Values {
    this.#untouched ??= { ...this.#shown };
    return this.#shown;
  }

  get changed(): boolean {
    const before = this.#untouched;
    if (before !== undefined) {
      for (const name of new Set([...Object.keys(before), ...Object.keys(this.#shown)])) {
        if (before[name] !== this.#shown[name]) this.#written.add(name);
      }
    }
    return this.#written.size > 0;
  }

  get(_: Values, name: string | symbol): unknown {
    this.#read(name);
    return Reflect.get(this.#view(), name);
  }

  has(_: Values, name: string | symbol): boolean {
    this.#read(name);
    return Reflect.has(this.#view(), name);
  }

  getOwnPropertyDescriptor(_: Values, name: string | symbol): PropertyDescriptor | undefined {
    this.#read(name);
    const view = this.#view();
    const descriptor = Reflect.getOwnPropertyDescriptor(view, name);
    // A proxy may not say that something is fixed which is not so in the object it stands for.
    return descriptor && view !== this.#shown ? { ...descriptor, configurable: true } : descriptor;
  }

  ownKeys(): (string | symbol)[] {
    this.#tally.all(this.#viewpoint.log);
    return Reflect.ownKeys(this.#view());
  }

  set(_: Values, name: string | symbol, value: unknown, receiver: unknown): boolean {
    if (receiver !== this.proxy) return Reflect.set(this.#view(), name, value, receiver);
    return Reflect.set(this.#writing(name), name, value);
  }

  defineProperty(_: Values, name: string | symbol, descriptor: PropertyDescriptor): boolean {
    return Reflect.defineProperty(this.#writing(name), name, descriptor);
  }

  deleteProperty(_: Values, name: string | symbol): boolean {
    return Reflect.deleteProperty(this.#writing(name), name);
  }

  /** The values as they were sent, with what the handler wrote, in an object of their own. */
  settle(): Values {
    const settled = copyOf(this.#sent);
    for (const name of this.#written) {
      const descriptor = Reflect.getOwnPropertyDescriptor(this.#shown, name);
      if (descriptor === undefined) Reflect.deleteProperty(settled, name);
      else Reflect.defineProperty(settled, name, descriptor);
    }
    this.#sent = settled;
    return settled;
  }

  /** An object that was frozen must, for whoever holds it, stay what it was. */
  #view(): Values {
    return this.#viewpoint.asSent && Object.isExtensible(this.#shown) ? this.#sent : this.#shown;
  }

  #writing(name: string | symbol): Values {
    const view = this.#view();
    if (view === this.#shown) this.#written.add(name);
    return view;
  }

  #read(name: string | symbol): void {
    if (typeof name !== 'string' || this.#written.has(name)) return;
    const byAccident = MACHINERY.has(name) || this.#tally.cannotBeSent(name);
    if (byAccident && !Object.hasOwn(this.#sent, name)) return;
    this.#tally.one(this.#viewpoint.log, name);
  }
}

/** What the language and its tools look for on any object. A client may send a field by such a name all the same. */
const MACHINERY = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...['toJSON', 'then', 'inspect', 'length', 'nodeType', '$$typeof', 'asymmetricMatch'],
]);
