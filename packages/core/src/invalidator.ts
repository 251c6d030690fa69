import type { Clock } from './clock.ts';
import { invalidKey, invalidOptions } from './errors.ts';
import type { Delivery, Observer } from './events.ts';
import { isKeyText } from './key.ts';
import { knownOptions } from './options.ts';
import type { Store } from './store/store.ts';
import { keyTag, NAMESPACE_TAG, partitionTag, type Tag, uriTag, userTags } from './tags.ts';

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
    const { namespace, store, clock, observe, detach, barrierMs } = this.invalidating;
    detach(tags);
    // Whoever asks in this same millisecond is to find it stale.
    const state = await (how.soft ? store.soften(tags, clock.now() - 1) : store.invalidate(tags));
    observe({ type: 'invalidate', namespace, tags: tags.length, delivery: state });
    // Whatever others hold unasked was confirmed before, and that holds for no longer.
    if (how.barrier && state === 'done' && barrierMs > 0) await this.#after(barrierMs);
    return { state };
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

/** A path is byte for byte what clients send, which URL would write in its own way; they send ASCII. */
function targetOf(url: string): string {
  const [, scheme, authority, target] = /^(https?):\/\/([^/?#]*)([^#]*)/i.exec(url)!;
  const path = (target!.startsWith('/') ? target! : `/${target}`).replace(/[^ -~]+/g, encodeURIComponent);
  return `${scheme!.toLowerCase()}://${authority!.toLowerCase()}${path}`;
}
