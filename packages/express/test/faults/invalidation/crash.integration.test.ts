import { spawnRedis } from '@larder/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { takeTime } from '../support/intensity.ts';
import { times } from '../support/shop.ts';
import { burst, byPattern, everyDeath, everything, hardly, softly, survivors, writesOf } from './dying.ts';

takeTime();

describe('F47: a process that is killed between two steps of an invalidation', () => {
  it.each([hardly, softly, everything, burst, byPattern])(
    'F47: of $name: has invalidated each of them everywhere or nowhere, and everywhere what it was told is done',
    async (deed) => {
      const redis = await spawnRedis();
      onTestFinished(() => redis.stop());
      const living = await survivors(redis.url, 'dying');
      const writes = await writesOf(living, deed);
      const deaths = await everyDeath(
        living,
        deed,
        times(writes + 1, (i) => i),
      );
      const [before] = deaths;
      const [behind, done] = deaths.slice(-2);
      expect(new Set(before!.fates)).toEqual(new Set(['kept']));
      expect(new Set(behind!.fates)).toEqual(new Set(['gone']));
      expect(new Set(done!.fates)).toEqual(new Set(['gone']));
      for (const shop of [living.remembering, living.forgetful])
        expect((await shop.state()).troubles).toEqual([]);
    },
  );
});
