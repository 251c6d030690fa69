import { othersWithoutTtl } from '../estimates.ts';
import { byTexts, type Check, critical, judge, notice, ok, warning } from '../verdict.ts';
import { ms } from '../words.ts';

const OLDEST = [6, 2] as const;
/** Lines that get no fixes any more, and since when. */
const ENDED: Readonly<Record<string, string>> = { '7.0': 'July 2024', '8.0': 'February 2026' };

export const version: Check = (facts) =>
  byTexts(['redis_version'], ({ redis_version: given }) => {
    const valkey = 'told' in facts.info ? facts.info.told.get('valkey_version') : undefined;
    if (valkey !== undefined) return ok(`It is Valkey ${valkey}.`);
    const [major = 0, minor = 0] = given.split('.').map(Number);
    if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
      return critical(`It is Redis ${given}; the cache needs commands of 6.2.`, 'Upgrade Redis.');
    }
    const ended = ENDED[`${major}.${minor}`];
    return ended === undefined
      ? ok(`It is Redis ${given}.`)
      : notice(
          `It is Redis ${given}, a line that gets no fixes since ${ended}.`,
          'Upgrade Redis to a line that does.',
        );
  })(facts);

/** Who writes to a replica is refused, and who sends a key to the wrong node of a Cluster is too. */
export const role: Check = byTexts(
  ['role', 'cluster_enabled'],
  ({ role, cluster_enabled: cluster }, { line, info }) => {
    if (role !== 'master') {
      const link = ('told' in info && info.told.get('master_link_status')) || 'unknown';
      return critical(
        `It is a replica (its link to the master is ${link}): it refuses to store and to invalidate (READONLY).`,
        'Connect to the master: by its own address, a Sentinel, or the primary endpoint of a managed Redis.',
      );
    }
    return cluster === '1' && !line.clustered
      ? critical(
          'It is one node of a Cluster, and the client knows no other: keys of other slots are refused (MOVED).',
          'Give the cache a Cluster client of ioredis.',
        )
      : ok('It is a master.');
  },
);

export const persistence: Check = (facts) =>
  byTexts(['aof_enabled', 'rdb_last_bgsave_status'], (info) =>
    judge(facts.save, (save) => {
      const kept = [
        ...(save === '' ? [] : [`RDB (save ${save})`]),
        ...(info.aof_enabled === '1' ? ['AOF'] : []),
      ];
      if (kept.length === 0) return ok('Nothing is written to disk, which is right for a cache.');
      if (save !== '' && info.rdb_last_bgsave_status !== 'ok') {
        return critical(
          'The last RDB could not be saved: unless stop-writes-on-bgsave-error is no, Redis refuses all writes (MISCONF).',
          'CONFIG SET save "" if it holds nothing but caches, or make room on its disk.',
        );
      }
      return othersWithoutTtl(facts) > 0
        ? ok(`${kept.join(' and ')} is on, and others keep keys without TTL here that may need it.`)
        : notice(
            `${kept.join(' and ')} is on; a cache needs neither, and pays with forks and disk writes.`,
            'CONFIG SET save "" and appendonly no, unless it shall be warm after a restart.',
          );
    }),
  )(facts);

/** Lifetimes are told apart by the clocks of the processes; the server's is one to compare them all with. */
export const clock: Check = (facts) =>
  judge(facts.clock, ({ aheadMs, withinMs }) => {
    const skew = Math.max(0, Math.abs(aheadMs) - withinMs);
    const says = `The server's clock is ${ms(Math.abs(aheadMs))} ${aheadMs < 0 ? 'behind' : 'ahead of'} ours, give or take ${ms(withinMs)}`;
    const fix =
      'Run NTP on both: what one process stores, another takes to be fresh for that much longer or shorter.';
    if (skew >= 10_000) return warning(`${says}.`, fix);
    return skew >= 1000 ? notice(`${says}.`, fix) : ok(`${says}.`);
  });
