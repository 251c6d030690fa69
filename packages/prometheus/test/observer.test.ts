import type { CacheEvent } from '@larder/core';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { prometheusObserver } from '../src/index.ts';

const request = (status: object, route = '/products/:id'): CacheEvent =>
  ({ type: 'request', namespace: 'shop', method: 'GET', route, status, seconds: 0.002 }) as CacheEvent;

async function shown(events: readonly CacheEvent[], options = {}): Promise<string[]> {
  const register = new Registry();
  const { observe } = prometheusObserver({ register, ...options });
  for (const event of events) observe(event);
  return (await register.metrics()).split('\n').filter((line) => !line.startsWith('#') && line !== '');
}

describe('the metrics', () => {
  it('count requests by route pattern and outcome', async () => {
    const lines = await shown([
      request({ hit: true, ttl: 5 }),
      request({ hit: true, ttl: 5 }),
      request({ hit: true, ttl: -5 }),
      request({ fwd: 'uri-miss' }),
      request({ fwd: 'uri-miss', collapsed: true }),
      request({ fwd: 'bypass', detail: 'cookie' }),
    ]);
    for (const [outcome, count] of Object.entries({ hit: 2, stale: 1, miss: 1, collapsed: 1, bypass: 1 })) {
      expect(lines).toContain(
        `larder_requests_total{namespace="shop",route="/products/:id",outcome="${outcome}"} ${count}`,
      );
    }
    expect(lines).toContain('larder_hit_ratio{namespace="shop",kind="responses"} 0.6');
    expect(lines).toContain('larder_request_seconds_bucket{le="0.0025",namespace="shop",outcome="hit"} 2');
  });

  it('count values apart from responses', async () => {
    const value = (outcome: 'hit' | 'miss'): CacheEvent => ({
      type: 'value',
      namespace: 'shop',
      outcome,
      seconds: 0,
    });
    const lines = await shown([value('hit'), value('hit'), value('hit'), value('miss')]);
    expect(lines).toContain('larder_values_total{namespace="shop",outcome="hit"} 3');
    expect(lines).toContain('larder_hit_ratio{namespace="shop",kind="values"} 0.75');
  });

  it('show what a tier holds, and why it let go of what it does not', async () => {
    const common = { namespace: 'shop', tier: 'memory' };
    const lines = await shown([
      { type: 'store', ...common, bytes: 100 },
      { type: 'store', ...common, bytes: 50 },
      { type: 'remove', ...common, bytes: 100, cause: 'evict' },
    ]);
    expect(lines).toContain('larder_entries{namespace="shop",tier="memory"} 1');
    expect(lines).toContain('larder_bytes{namespace="shop",tier="memory"} 50');
    expect(lines).toContain('larder_removals_total{namespace="shop",tier="memory",cause="evict"} 1');
  });

  it('time the calls of a shared store, and count those that failed', async () => {
    const call = {
      type: 'store-call',
      namespace: 'shop',
      tier: 'redis',
      operation: 'get',
      seconds: 0.001,
    } as const;
    const lines = await shown([call, { ...call, error: new Error('gone') }]);
    expect(lines).toContain(
      'larder_store_call_seconds_count{namespace="shop",tier="redis",operation="get"} 2',
    );
    expect(lines).toContain('larder_store_errors_total{namespace="shop",tier="redis",operation="get"} 1');
  });

  it('say how a shared store is: what was not asked of it, whether it is asked, what it has not been told', async () => {
    const about = { namespace: 'shop', tier: 'redis' } as const;
    const lines = await shown([
      { type: 'store-skip', ...about, operation: 'get', why: 'open' },
      { type: 'store-skip', ...about, operation: 'get', why: 'open' },
      { type: 'breaker', ...about, node: 'a:1', state: 'open' },
      { type: 'breaker', ...about, node: 'b:1', state: 'open' },
      { type: 'breaker', ...about, node: 'b:1', state: 'half-open' },
      { type: 'breaker', ...about, node: 'c:1', state: 'closed' },
      { type: 'connection', ...about, node: 'a:1', state: 'lost' },
      { type: 'connection', ...about, node: 'b:1', state: 'ready' },
      { type: 'unreadable', ...about, reason: 'damaged' },
      { type: 'pending', ...about, tags: 3 },
      { type: 'switch', namespace: 'shop', on: false },
    ]);
    for (const line of [
      'larder_store_skips_total{namespace="shop",tier="redis",operation="get",why="open"} 2',
      'larder_breaker_state{namespace="shop",tier="redis",node="a:1"} 2',
      'larder_breaker_state{namespace="shop",tier="redis",node="b:1"} 1',
      'larder_breaker_state{namespace="shop",tier="redis",node="c:1"} 0',
      'larder_store_connected{namespace="shop",tier="redis",node="a:1"} 0',
      'larder_store_connected{namespace="shop",tier="redis",node="b:1"} 1',
      'larder_unreadable_total{namespace="shop",tier="redis",reason="damaged"} 1',
      'larder_invalidations_pending{namespace="shop",tier="redis"} 3',
      'larder_disabled{namespace="shop"} 1',
    ])
      expect(lines).toContain(line);
  });

  it('count invalidations and mistakes', async () => {
    const lines = await shown([
      { type: 'invalidate', namespace: 'shop', tags: 2, delivery: 'pending' },
      { type: 'error', namespace: 'shop', doing: 'tag a response', error: new Error() },
    ]);
    expect(lines).toContain('larder_invalidations_total{namespace="shop",delivery="pending"} 1');
    expect(lines).toContain('larder_errors_total{namespace="shop",doing="tag a response"} 1');
  });

  it('never grow with the traffic: routes past the limit are counted together', async () => {
    const events = Array.from({ length: 10 }, (_, i) => request({ hit: true, ttl: 1 }, `/r${i}`));
    const lines = await shown(events, { maxRoutes: 3 });
    const routes = lines.filter((line) => line.startsWith('larder_requests_total'));
    expect(routes).toHaveLength(4);
    expect(routes).toContain('larder_requests_total{namespace="shop",route="(other)",outcome="hit"} 7');
  });

  it('may be named otherwise', async () => {
    expect((await shown([request({ hit: true, ttl: 1 })], { prefix: 'shop_' })).join()).toContain(
      'shop_requests_total',
    );
  });
});
