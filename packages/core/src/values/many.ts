import type { ValueOptions } from './options.ts';
import type { Values } from './values.ts';

/** Values by key; of a key that is left out there is none. */
export type LoadMany<T> = (
  keys: readonly string[],
) => Promise<ReadonlyMap<string, T>> | ReadonlyMap<string, T>;

/** One question a key, all asked at once: they share a round trip, and what is missing shares a load. */
export function getMany<T>(
  values: Values,
  keys: readonly string[],
  options: ValueOptions | ((key: string) => ValueOptions),
  load: LoadMany<T>,
): Promise<(T | undefined)[]> {
  const loadOne = gathered(load);
  const optionsOf = typeof options === 'function' ? options : () => options;
  return Promise.all(keys.map((key) => values.getOrSet(key, optionsOf(key), () => loadOne(key))));
}

/** Loads one value with all others that are asked for before the process does anything else. */
function gathered<T>(load: LoadMany<T>): (key: string) => Promise<T | undefined> {
  let batch: { readonly keys: string[]; readonly loaded: Promise<ReadonlyMap<string, T>> } | undefined;
  const begin = () => {
    const keys: string[] = [];
    const loaded = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      batch = undefined;
      return load(keys);
    });
    return { keys, loaded };
  };
  return async (key) => {
    batch ??= begin();
    batch.keys.push(key);
    return (await batch.loaded).get(key);
  };
}
