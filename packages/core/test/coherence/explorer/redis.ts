import type { Rules } from './rules.ts';
import { type Epochs, type LogEntry, NO_EPOCHS, type Redis, type Response, TAGS, type Tag } from './state.ts';

/** What Redis does, each in one step. */

export type Verdict = 'fresh' | 'stale' | 'miss';

/** A response is as good as the worst of its epochs. */
export function verdict(response: Response, current: Epochs, rules: Rules): Verdict {
  let found: Verdict = 'fresh';
  for (const tag of TAGS) {
    const born = response.epochs[tag];
    const now = current[tag];
    if (born === '' || born === now || (now === '' && !rules.absentEpochsAreInvalid)) continue;
    if (hardOf(born) !== hardOf(now)) {
      if (rules.hardInvalidationsMakeMisses) return 'miss';
      found = 'stale';
    } else if (rules.softInvalidationsMakeStale) found = 'stale';
  }
  return found;
}

export interface Answer {
  readonly response: Response | null;
  readonly stale: boolean;
}

/** The copy that is to be confirmed, if it still stands, or else the entry. */
export function answer({ entry, epochs }: Redis, carried: Response | null, rules: Rules): Answer {
  if (entry === null) return { response: null, stale: false };
  const stands = carried === null ? 'miss' : verdict(carried, epochs, rules);
  if (stands !== 'miss') return { response: carried, stale: stands === 'stale' };
  const found = verdict(entry, epochs, rules);
  return { response: found === 'miss' ? null : entry, stale: found === 'stale' };
}

/** Epochs of tags, made where there are none. */
export function open(redis: Redis, tags: readonly Tag[]): Redis {
  const absent = tags.filter((tag) => redis.epochs[tag] === '');
  const made = absent.map((tag, i) => [tag, `e${redis.minted + i + 1}/`]);
  const epochs = { ...redis.epochs, ...Object.fromEntries(made) };
  return { ...redis, epochs, minted: redis.minted + absent.length };
}

/** The log, begun where there is none. */
export function openLog(redis: Redis): Redis {
  return redis.log === null || redis.log.length === 0 ? append(redis, NOTHING) : redis;
}

export const positionIn = ({ log }: Redis): string => log?.at(-1)?.id ?? '';

export function append(redis: Redis, entry: Omit<LogEntry, 'id'>): Redis {
  const minted = redis.minted + 1;
  return { ...redis, minted, log: [...(redis.log ?? []), { ...entry, id: `e${minted}` }] };
}

const NOTHING = { tags: '', soft: false, by: -1 } as const;

/** What the log says of the time since the position; null where it is not there any more. */
export function newsSince({ log }: Redis, position: string, rules: Rules): readonly LogEntry[] | null {
  if (!rules.looksBeginAtTheirPosition)
    return (log ?? []).filter(({ id }) => numberOf(id) > numberOf(position));
  const at = (log ?? []).findIndex(({ id }) => id === position);
  return at < 0 ? null : log!.slice(at + 1);
}

/** Names are given out in order, as the ids of a stream are. */
const numberOf = (id: string): number => Number(id.slice(1));

/** Whether the log shows that the tag was not invalidated after the position. */
export function untouched({ log }: Redis, position: string, tag: Tag, rules: Rules): boolean {
  if (!rules.lateTagsReadTheLog) return true;
  const at = (log ?? []).findIndex(({ id }) => id === position);
  if (at < 0) return !rules.gapsInTheLogCountAsInvalidations;
  return !log!.slice(at + 1).some(({ tags }) => tags === tag);
}

/** Nothing has an epoch that is gone; with a soft half of another name it is stale. */
export function dropEpoch(redis: Redis, tag: Tag, soft: boolean): Redis {
  const epoch = redis.epochs[tag];
  if (!soft || epoch === '') return { ...redis, epochs: { ...redis.epochs, [tag]: '' } };
  const minted = redis.minted + 1;
  return { ...redis, minted, epochs: { ...redis.epochs, [tag]: `${hardOf(epoch)}/e${minted}` } };
}

/** A store that was sent is applied, now. */
export function applyStore(redis: Redis, at: number, rules: Rules): Redis {
  const sent = redis.wire[at]!;
  const entry = rules.entriesCarryTheEpochsReadBefore ? sent : { ...sent, epochs: redis.epochs };
  return { ...redis, entry, wire: redis.wire.filter((_, i) => i !== at) };
}

export const emptied = (redis: Redis): Redis => ({ ...redis, entry: null, epochs: NO_EPOCHS, log: null });

const hardOf = (epoch: string): string => epoch.slice(0, epoch.indexOf('/') + 1);
