import { invalidOptions } from './errors.ts';

/** Checks of option objects, where a cache is made. All throw LarderError `LARDER_INVALID_OPTIONS`. */

/** An object that has no other than the known members. `path` is what it is called in the message. */
export function knownOptions(path: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidOptions(path, given, `give an object with any of ${known.join(', ')}`);
  for (const name of Object.keys(given)) {
    if (!known.includes(name))
      throw invalidOptions(`${path}.${name}`, 'an unknown option', `known are ${known.join(', ')}`);
  }
}

/** A whole number, 1 or more. */
export function positive(path: string, given: unknown): number {
  if (!Number.isSafeInteger(given) || (given as number) < 1)
    throw invalidOptions(path, given, 'give a whole number, 1 or more');
  return given as number;
}

export function optionalCallback(path: string, given: unknown): void {
  if (given !== undefined && typeof given !== 'function')
    throw invalidOptions(path, given, 'give a function, or leave it out');
}
