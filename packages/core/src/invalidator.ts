import type { Clock } from './clock.ts';
import { invalidKey, invalidOptions } from './errors.ts';
import type { Delivery, Observer } from './events.ts';
import { isKeyText } from './key.ts';
import { knownOptions } from './options.ts';
import { patternTag } from './pattern.ts';
import type { Store, SweepProgress } from './store/store.ts';
import { keyTag, NAMESPACE_TAG, partitionTag, type Tag, uriTag, userTag, userTags } from './tags.ts';

/** How something is invalidated. */
export interface Invalidation {
  /**
   * True: what there is, is stale from now on instead of gone, and may be given while it is made anew, as far as its
   * stale windows allow, counted from now. Where Redis cannot be told at once it is gone all the same. Default false.
   */
  readonly soft?: boolean;
  /**
   * True: resolves once no process has anything of it in memory any more that it would answer with, which takes as
   * long as `coherence.lag` (1 s). Default false.
   */
  readonly barrier?: boolean;
}

export interface Invalidated {
  /** `pending`: the shared store could not be reached; it is told before this process reads it again. */
  readonly state: Delivery;
}

/** What is matched: one of keys, URLs and tags, by a pattern: `*` is any text, `?` one character, `\\` takes their meaning away. */
export interface Matching {
  /** Of values, as `getOrSet` knows them. */
  readonly keys?: string;
  /** Whose keys. Default: those that have no partition. */
  readonly partition?: string;
  /** Of responses: scheme and host in lower case, path and query as clients send them. */
  readonly urls?: string;
  /** As responses and values name them. */
  readonly tags?: string;
}

export interface Sweeping extends Invalidation {
  /** Ends it early. What was found by then is invalidated; the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told how far it is, again and again. */
  readonly onProgress?: (progress: SweepProgress) => void;
}

export interface Swept extends Invalidated {
  /** Keys, URLs or tags that matched, however many entries carried them. */
  readonly found: number;
}

export interface InvalidatorParts {
  readonly namespace: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly observe: Observer;
  /** Ms after which no other process has anything unconfirmed; infinite where they follow nothing. */
  readonly barrierMs: number;
  /** Nobody joins a fill of these any more. */
  readonly detach: (tags: readonly Tag[]) => void;
}

/** Every way to say that what is kept is out of date: all are tags, and all have the same guarantee. */
export abstract class Invalidator {
  protected abstract readonly invalidating: InvalidatorParts;

  /**
   * Removes what carries one of the tags, responses and values alike. Once it resolves `done`, this process serves nothing of
   * them that was computed before, and no other does after `coherence.lag` (1 s).
   *
   * @throws LarderError `LARDER_INVALID_TAG`, `LARDER_INVALID_OPTIONS`
   */
  async invalidate(tags: string | readonly string[], how?: Invalidation): Promise<Invalidated> {
    return this.invalidateTags(userTags(tags), how);
  }

  /**
   * The value of a key, as `getOrSet` knows it.
   * @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_OPTIONS`
   */
  async invalidateKey(
    key: string,
    how: Invalidation & { readonly partition?: string } = {},
  ): Promise<Invalidated> {
    const { partition, ...rest } = how;
    return this.invalidateTags([keyTag(text(key), partition)], rest);
  }

  /**
   * Every stored response of a URL, of all variants and partitions. The URL as clients ask for it, query included.
   * @throws LarderError `LARDER_INVALID_OPTIONS`
   */
  async invalidateUrl(url: string | URL, how?: Invalidation): Promise<Invalidated> {
    const given = String(url);
    if (!URL.canParse(given) || !/^https?:\/\//i.test(given))
      throw invalidOptions('url', given, 'give an absolute one: https://shop.example/products?page=2');
    return this.invalidateTags([uriTag(targetOf(given))], how);
  }

  /**
   * Everything of one partition: of a tenant, of a user.
   * @throws LarderError `LARDER_INVALID_KEY`, `LARDER_INVALID_OPTIONS`
   */
  async invalidatePartition(partition: string, how?: Invalidation): Promise<Invalidated> {
    return this.invalidateTags([partitionTag(text(partition))], how);
  }

  /**
   * Whatever has a key, a URL or a tag that a pattern matches, found by looking at all of them: SCAN, a thousand names at
   * a time, on every node. Takes a Redis tier with `names: 'text'`. `pending`: Redis could not be looked through to the
   * end; it is begun anew until it can.
   *
   * @throws LarderError `LARDER_INVALID_OPTIONS`, `LARDER_INVALID_KEY`; and the signal's reason
   */
  async invalidateMatching(matching: Matching, how: Sweeping = {}): Promise<Swept> {
    const pattern = patternOf(matching);
    const { signal, onProgress = () => {}, ...rest } = how;
    const { soft, barrier } = this.checkInvalidation(rest);
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw invalidOptions('invalidation.signal', signal, 'give an AbortSignal');
    if (typeof onProgress !== 'function')
      throw invalidOptions('invalidation.onProgress', onProgress, 'give a function');
    signal?.throwIfAborted();
    const { store, clock, detach } = this.invalidating;
    detach([pattern]);
    const listener = new AbortController();
    let found = 0;
    const looked = (progress: SweepProgress) => {
      found = progress.found;
      try {
        onProgress(progress);
      } catch (error) {
        listener.abort(error);
      }
    };
    const state = await store.sweep(pattern, {
      softAt: soft ? clock.now() - 1 : undefined,
      signal: signal === undefined ? listener.signal : AbortSignal.any([signal, listener.signal]),
      looked,
    });
    await this.#done(state, found, barrier);
    return { state, found };
  }

  /** Everything in the namespace, in one step whatever its size. */
  async invalidateAll(how?: Invalidation): Promise<Invalidated> {
    return this.invalidateTags([NAMESPACE_TAG], how);
  }

  /**
   * What can be kept of how it is to be done, before it is.
   * @throws LarderError `LARDER_INVALID_OPTIONS`
   */
  checkInvalidation(how: Invalidation): Invalidation {
    knownOptions('invalidation', how, ['soft', 'barrier']);
    for (const [name, given] of Object.entries(how))
      if (given !== undefined && typeof given !== 'boolean')
        throw invalidOptions(`invalidation.${name}`, given, 'give true or false');
    if (how.barrier && this.invalidating.barrierMs === Number.POSITIVE_INFINITY)
      throw invalidOptions(
        'invalidation.barrier',
        true,
        "leave it out: with coherence 'local' nobody hears of it",
      );
    return how;
  }

  /** Tags in the form stores see them, the cache's own among them. */
  async invalidateTags(tags: readonly Tag[], how: Invalidation = {}): Promise<Invalidated> {
    this.checkInvalidation(how);
    if (tags.length === 0) return { state: 'done' };
    const { store, clock, detach } = this.invalidating;
    detach(tags);
    // Whoever asks in this same millisecond is to find it stale.
    const state = await (how.soft ? store.soften(tags, clock.now() - 1) : store.invalidate(tags));
    await this.#done(state, tags.length, how.barrier);
    return { state };
  }

  async #done(delivery: Delivery, tags: number, barrier = false): Promise<void> {
    const { namespace, observe, barrierMs } = this.invalidating;
    observe({ type: 'invalidate', namespace, tags, delivery });
    // Whatever others hold unasked was confirmed before, and that holds for no longer.
    if (barrier && delivery === 'done' && barrierMs > 0) await this.#after(barrierMs);
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.invalidating.clock.after(ms, resolve);
    });
  }
}

function text(given: unknown): string {
  if (!isKeyText(given)) throw invalidKey(given);
  return given;
}

/** Clients send nothing but ASCII. */
const asSent = (text: string): string =>
  text.isWellFormed() ? text.replace(/[^ -~]+/g, encodeURIComponent) : text;

/** A path is byte for byte what clients send, which URL would write in its own way. */
function targetOf(url: string): string {
  const [, scheme, authority, target] = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url)!;
  const path = asSent(target!.startsWith('/') ? target! : `/${target}`);
  return `${scheme!.toLowerCase()}://${authority!.toLowerCase()}${path}`;
}

/** @throws LarderError `LARDER_INVALID_OPTIONS`, `LARDER_INVALID_KEY` */
function patternOf(matching: Matching): Tag {
  knownOptions('matching', matching, ['keys', 'urls', 'tags', 'partition']);
  const { keys, urls, tags, partition } = matching;
  const [given, ...more] = [
    keys !== undefined && patternTag(keyTag('', partition === undefined ? undefined : text(partition)), keys),
    urls !== undefined && patternTag(uriTag(''), typeof urls === 'string' ? asSent(urls) : urls),
    tags !== undefined && patternTag(userTag(''), tags),
  ].filter((pattern) => pattern !== false);
  if (given === undefined || more.length > 0)
    throw invalidOptions('matching', matching, "give one of keys, urls and tags: { keys: 'product:*' }");
  if (partition !== undefined && keys === undefined)
    throw invalidOptions('matching.partition', partition, 'leave it out: it is of keys alone');
  return given;
}
