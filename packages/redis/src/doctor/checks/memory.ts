import { estimatedEntries, othersWithoutTtl, sizingOf } from '../estimates.ts';
import { byNumbers, byTexts, type Check, critical, judge, notice, ok, warning } from '../verdict.ts';
import { age, bytes, count, number, percent } from '../words.ts';

const LASTING = 'and CONFIG REWRITE, or put it into redis.conf, so that it lasts';
const OWN_REDIS = 'Give the cache a Redis of its own, with allkeys-lru';
const IF_SHARED =
  'where one Redis must serve both, choose volatile-lru: all keys of the cache have a TTL. That is second best: a ' +
  'queue such as BullMQ asks for noeviction, and its locks have TTLs too';

/** A cache may lose any key, and who shares its Redis may not. */
export const evictionPolicy: Check = byTexts(['maxmemory_policy', 'maxmemory'], (info, facts) => {
  const policy = info.maxmemory_policy;
  const others = othersWithoutTtl(facts);
  const lasting = count(others, 'key');
  if (policy === 'noeviction') {
    const fix =
      others > 0 ? `${OWN_REDIS}; ${IF_SHARED}.` : `CONFIG SET maxmemory-policy allkeys-lru, ${LASTING}.`;
    const who = others > 0 ? `, neither by the cache nor by who keeps ${lasting} without TTL here` : '';
    return Number(info.maxmemory) > 0
      ? critical(`The policy is noeviction: once memory is full, nothing more can be stored${who}.`, fix)
      : warning('The policy is noeviction: nothing is ever evicted to make room.', fix);
  }
  if (policy.startsWith('allkeys') && others > 0) {
    return warning(
      `${policy} may evict ${lasting} without TTL that are not this cache's.`,
      `${OWN_REDIS}; ${IF_SHARED}.`,
    );
  }
  if (policy.endsWith('-random')) {
    return notice(
      `${policy} evicts what is hot as readily as what is not.`,
      'Choose the -lru or -lfu of the same kind.',
    );
  }
  if (others === 0) return ok(`The policy is ${policy}.`);
  return policy === 'volatile-ttl'
    ? notice(
        `volatile-ttl evicts what ends soonest, and with that the locks of others first.`,
        `${OWN_REDIS}, or choose volatile-lru.`,
      )
    : notice(
        `${policy} spares the ${lasting} without TTL of others, and evicts their keys with one.`,
        `${OWN_REDIS}, if those matter.`,
      );
});

const MOST_OF_MACHINE = 0.9;

export const maxmemory: Check = byNumbers(['maxmemory', 'used_memory', 'total_system_memory'], (info) => {
  const { maxmemory: limit, used_memory: used, total_system_memory: machine } = info;
  if (limit === 0) {
    return warning(
      `No maxmemory is set: ${bytes(used)} are used, and it may grow until the machine has no more than its ${bytes(machine)}.`,
      `CONFIG SET maxmemory to what the cache may have, three quarters of the machine at most, ${LASTING}.`,
    );
  }
  return machine > 0 && limit > machine * MOST_OF_MACHINE
    ? warning(
        `maxmemory is ${bytes(limit)} of the machine's ${bytes(machine)}, which leaves too little for buffers and fragmentation.`,
        'Set maxmemory to three quarters of the machine.',
      )
    : ok(`maxmemory is ${bytes(limit)}.`);
});

/** A cache that evicts may be full; one that does not stops storing. */
export const memoryHeadroom: Check = byTexts(['used_memory', 'maxmemory', 'maxmemory_policy'], (info) => {
  const [used, limit] = [Number(info.used_memory), Number(info.maxmemory)];
  if (limit === 0) return ok(`${bytes(used)} are used, of no limit.`);
  const says = `${bytes(used)} of ${bytes(limit)} are used, ${percent(used / limit)}`;
  const fix = 'Let it evict (eviction-policy), raise maxmemory, or store less.';
  if (info.maxmemory_policy === 'noeviction') {
    if (used >= limit * 0.95) return critical(`${says}, and nothing is evicted.`, fix);
    if (used >= limit * 0.8) return warning(`${says}, and nothing is evicted.`, fix);
    return ok(`${says}.`);
  }
  return used >= limit * 0.95
    ? notice(
        `${says}: full, as a cache may be that evicts.`,
        'See whether evictions and hit ratio are as you want them.',
      )
    : ok(`${says}.`);
});

/** Pages that are touched once weigh heavily in a Redis that holds next to nothing. */
const FRAGMENTS_FROM_BYTES = 64 * 1024 * 1024;

export const fragmentation: Check = byNumbers(['mem_fragmentation_ratio', 'used_memory'], (info) => {
  const { mem_fragmentation_ratio: ratio, used_memory: used } = info;
  if (used < FRAGMENTS_FROM_BYTES) return ok(`${bytes(used)} are too little for fragmentation to matter.`);
  const says = `The process holds ${number(ratio)} bytes for each byte in use`;
  if (ratio > 1.5) return warning(`${says}.`, 'CONFIG SET activedefrag yes, or restart it when it is quiet.');
  return ratio < 0.9
    ? warning(
        `${says}: part of it has been swapped out.`,
        'Give the machine more memory, or Redis a lower maxmemory.',
      )
    : ok(`${says}.`);
});

/** More keys that had to go than keys whose time was over: the cache is too small for what is stored. */
export const evictions: Check = byNumbers(['evicted_keys', 'expired_keys', 'uptime_in_seconds'], (info) => {
  const { evicted_keys: evicted, expired_keys: expired, uptime_in_seconds: uptime } = info;
  const says = `${count(evicted, 'key was', 'keys were')} evicted and ${number(expired)} expired in ${age(uptime)}`;
  if (evicted === 0) return ok(`${says}.`);
  return evicted > expired
    ? warning(`${says}: most go before their time.`, 'Raise maxmemory, or store less, or for shorter.')
    : notice(`${says}.`, 'Nothing, as long as the hit ratio is good.');
});

/** What is there now, as long as nothing has been evicted; what is wanted may be more. */
export const sizing: Check = (facts) =>
  judge(facts.sample, (sample) =>
    judge(facts.sizes, () => {
      const need = sizingOf(facts);
      if (need === undefined)
        return ok(`No entries of this cache were found among ${count(sample.visited, 'key')}.`);
      const limit = 'told' in facts.info ? Number(facts.info.told.get('maxmemory') ?? 0) : 0;
      const entries = count(estimatedEntries(sample, facts.keys), 'entry', 'entries');
      const besides =
        need.overhead >= 1.05 ? `, at ${number(need.overhead)} bytes in the server for each` : '';
      const says = `About ${entries} of ${bytes(need.averageBytes)} each need ${bytes(need.neededBytes)}${besides}`;
      if (limit === 0) return ok(`${says}.`);
      const share = need.neededBytes / limit;
      return share >= 0.75
        ? notice(`${says}: ${percent(share)} of maxmemory.`, 'Raise maxmemory before traffic grows.')
        : ok(`${says}: ${percent(share)} of maxmemory.`);
    }),
  );
