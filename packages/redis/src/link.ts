import { skipReason, storeFailed, storeSkipped } from '@larder/core';
import { isCluster, isOnline, type RedisClient } from './client.ts';
import type { Nodes } from './nodes.ts';
import { isOutage, isWrongType } from './replies.ts';

type Name =
  | 'get'
  | 'getBuffer'
  | 'getrangeBuffer'
  | 'set'
  | 'unlink'
  | 'xrange'
  | 'xrevrange'
  | 'evalsha'
  | 'eval';
type Argument = string | number | Buffer;

export type Command = readonly [name: Name, ...args: Argument[]];

/** How commands travel, and nothing of what they mean. */
export interface Link {
  /**
   * Results in order. Commands for one node reach it in the order of all that is sent. `bytes` are what of it is to be
   * counted against the bound of what is on its way. A key that holds another type than ours reads as absent.
   * @throws LarderError `LARDER_STORE_FAILED` with the first that failed; `LARDER_STORE_SKIPPED`
   */
  send(commands: readonly Command[], bytes?: number): Promise<unknown[]>;
}

/**
 * What shares a round trip, and a write to the socket: the commands of each call of the cache (`call`); of everything
 * that is asked before the process does anything else (`tick`); of a whole turn of its event loop (`loop`).
 */
export type Pipelining = 'call' | 'tick' | 'loop';

export interface LinkSettings {
  readonly pipelining: Pipelining;
  /** Bytes of entries on their way at a time; further ones are not stored. */
  readonly maxPendingBytes: number;
}

/** A slow network takes its time for what is large, and is not down for that: 64 KiB a millisecond are expected of it. */
const BYTES_PER_MS = 65_536;

/** On a client of ioredis. */
export class ClientLink implements Link {
  readonly #client: RedisClient;
  readonly #nodes: Nodes;
  readonly #settings: LinkSettings;
  readonly #execute: Execute;
  #waiting: Sent[] = [];
  #pendingBytes = 0;

  constructor(client: RedisClient, nodes: Nodes, settings: LinkSettings) {
    this.#client = client;
    this.#nodes = nodes;
    this.#settings = settings;
    this.#execute = isCluster(client) ? oneByOne : inPipeline;
  }

  async send(commands: readonly Command[], bytes = 0): Promise<unknown[]> {
    if (commands.length === 0) return [];
    if (!isOnline(this.#client)) throw storeSkipped('offline');
    const { maxPendingBytes } = this.#settings;
    if (bytes > 0 && this.#pendingBytes > 0 && this.#pendingBytes + bytes > maxPendingBytes)
      throw storeSkipped('full');
    this.#pendingBytes += bytes;
    const sent = commands.map((command) => new Sent(command, commands, bytes / commands.length));
    const begins = this.#waiting.length === 0;
    this.#waiting.push(...sent);
    if (this.#settings.pipelining === 'call') this.#flush();
    else if (begins && this.#settings.pipelining === 'tick') queueMicrotask(() => this.#flush());
    else if (begins) setImmediate(() => this.#flush());
    return Promise.all(sent.map(({ reply }) => reply));
  }

  #flush(): void {
    const groups = new Map<string, Sent[]>();
    for (const sent of this.#waiting) {
      const node = this.#nodes.of(keyOf(sent.command));
      const group = groups.get(node);
      if (group === undefined) groups.set(node, [sent]);
      else group.push(sent);
    }
    this.#waiting = [];
    for (const [node, group] of groups) {
      // What goes out to see is one call, whoever else asked at the same time.
      const alone = this.#nodes.breaker(node).state === 'closed' ? undefined : group[0]!.call;
      this.#travel(node, alone === undefined ? group : group.filter(({ call }) => call === alone));
      if (alone !== undefined) this.#skip(group.filter(({ call }) => call !== alone));
    }
  }

  #skip(sent: readonly Sent[]): void {
    for (const one of sent) {
      this.#pendingBytes -= one.bytes;
      one.settle([storeSkipped('open'), undefined]);
    }
  }

  #travel(node: string, group: readonly Sent[]): void {
    const bytes = group.reduce((sum, sent) => sum + sent.bytes, 0);
    const call = async () => {
      const replies = await this.#execute(
        this.#client,
        group.map(({ command }) => command),
      );
      const outage = replies.find(([error]) => error !== null && isOutage(error));
      if (outage !== undefined) throw outage[0];
      return replies;
    };
    this.#nodes
      .breaker(node)
      .run(call, Math.ceil(this.#pendingBytes / BYTES_PER_MS))
      .finally(() => {
        this.#pendingBytes -= bytes;
      })
      .then(
        (replies) => {
          for (const [i, sent] of group.entries()) {
            this.#nodes.failed(replies[i]![0]);
            sent.settle(replies[i]!);
          }
        },
        (error) => {
          this.#nodes.failed(error);
          for (const sent of group) sent.settle([error, undefined]);
        },
      );
  }
}

type Reply = readonly [error: Error | null, result: unknown];
type Execute = (client: RedisClient, commands: readonly Command[]) => Promise<readonly Reply[]>;

const inPipeline: Execute = async (client, commands) => {
  const pipeline = client.pipeline();
  for (const [name, ...args] of commands) callable(pipeline)[name](...args);
  return (await pipeline.exec()) ?? [];
};

/** A pipeline of a Cluster is sent again as a whole when one of its slots has moved; a command by itself follows its slot. */
const oneByOne: Execute = async (client, commands) => {
  const calls = commands.map(([name, ...args]) => callable(client)[name](...args) as Promise<unknown>);
  const settled = await Promise.allSettled(calls);
  return settled.map((result) =>
    result.status === 'fulfilled' ? [null, result.value] : [result.reason as Error, undefined],
  );
};

/** ioredis types every command by its own overloads; this takes what Command allows. */
const callable = (on: unknown) => on as Record<Name, (...args: readonly Argument[]) => unknown>;

const SCRIPTED: ReadonlySet<Name> = new Set(['eval', 'evalsha']);

/** Of a script, its first; all lie in one slot. */
const keyOf = ([name, ...args]: Command): string => String(SCRIPTED.has(name) ? args[2] : args[0]);

/** A command on its way. */
class Sent {
  readonly command: Command;
  /** All that was asked with it. */
  readonly call: readonly Command[];
  readonly bytes: number;
  readonly reply: Promise<unknown>;
  #resolve!: (result: unknown) => void;
  #reject!: (error: Error) => void;

  constructor(command: Command, call: readonly Command[], bytes: number) {
    this.command = command;
    this.call = call;
    this.bytes = bytes;
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  settle([error, result]: Reply): void {
    if (error === null) this.#resolve(result);
    else if (isWrongType(error)) this.#resolve(null);
    else this.#reject(skippedOr(error, this.command[0]));
  }
}

const skippedOr = (error: Error, name: Name): Error =>
  skipReason(error) === undefined ? storeFailed(name, error) : error;
