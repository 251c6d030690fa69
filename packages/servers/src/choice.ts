import { BadChoiceError } from './errors.ts';

/** `LARDER_SERVERS`: `local` passes over Docker; `bundled` also passes over what the machine has installed. */
type Choice = 'any' | 'local' | 'bundled';

function choice(): Choice {
  const given = process.env.LARDER_SERVERS || 'any';
  if (given === 'any' || given === 'local' || given === 'bundled') return given;
  throw new BadChoiceError('LARDER_SERVERS', given, ['local', 'bundled']);
}

export const mayUseDocker = (): boolean => choice() === 'any';
export const mayUseInstalled = (): boolean => choice() !== 'bundled';
