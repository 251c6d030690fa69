import { type Check, judge, notice, ok, warning } from '../verdict.ts';
import { bytes, count, number } from '../words.ts';

/** All that the cache writes has a TTL: what has none was written by something else, or made to last by hand. */
export const keysWithoutTtl: Check = (facts) =>
  judge(facts.ttls, (ttls) => {
    const lasting = ttls.filter((ttl) => ttl < 0).length;
    const sampled = count(ttls.length, 'key');
    return lasting === 0
      ? ok(
          `${ttls.length === 0 ? 'No key of this cache was found' : `All of ${sampled} looked at have a TTL`}.`,
        )
      : warning(
          `${number(lasting)} of ${sampled} of this cache that were looked at have no TTL, and stay for good.`,
          'Find out who calls PERSIST on them or writes under this prefix; UNLINK them, they are misses then.',
        );
  });

const BIG = 1024 * 1024;
const HUGE = 5 * BIG;

export const bigValues: Check = (facts) =>
  judge(facts.sizes, (sizes) => {
    const big = sizes.filter((size) => size.bytes > BIG).sort((a, b) => b.bytes - a.bytes);
    const [biggest] = big;
    if (biggest === undefined)
      return ok(`None of ${count(sizes.length, 'entry', 'entries')} looked at is over ${bytes(BIG)}.`);
    const says = `${number(big.length)} of ${count(sizes.length, 'entry', 'entries')} looked at are over ${bytes(BIG)}, ${biggest.name} has ${bytes(biggest.bytes)}`;
    const fix =
      'Lower maxBodyBytes on the route, or compress behind the cache; who reads it holds up everybody meanwhile.';
    return biggest.bytes > HUGE ? warning(`${says}.`, fix) : notice(`${says}.`, fix);
  });
