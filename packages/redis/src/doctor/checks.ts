import type { Finding } from '@larder/core';
import { acl, tls } from './checks/access.ts';
import { bigValues, keysWithoutTtl } from './checks/keys.ts';
import {
  evictionPolicy,
  evictions,
  fragmentation,
  maxmemory,
  memoryHeadroom,
  sizing,
} from './checks/memory.ts';
import { clock, persistence, role, version } from './checks/server.ts';
import { clients, hitRatio, latency, slowLog } from './checks/traffic.ts';
import type { Facts } from './facts.ts';
import type { Check } from './verdict.ts';

/** All checks of a node, in the order in which they are told. The names are for scripts, and stay. */
export const checks: Readonly<Record<string, Check>> = {
  role,
  version,
  'eviction-policy': evictionPolicy,
  maxmemory,
  'memory-headroom': memoryHeadroom,
  sizing,
  evictions,
  fragmentation,
  'keys-without-ttl': keysWithoutTtl,
  'big-values': bigValues,
  'hit-ratio': hitRatio,
  latency,
  'slow-log': slowLog,
  clients,
  persistence,
  clock,
  tls,
  acl,
};

export const findingsOf = (facts: Facts, node?: string): Finding[] =>
  Object.entries(checks).map(([check, judge]) => ({ check, node, ...judge(facts) }));
