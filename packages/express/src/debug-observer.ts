import { type CacheEvent, type CacheOptions, explain, formatCacheStatus, xCache } from '@larder/core';
import debug from 'debug';

const store = debug('larder:store');

/** By what happened. */
const LOGS: Record<CacheEvent['type'], debug.Debugger> = {
  request: debug('larder:request'),
  value: debug('larder:value'),
  refresh: debug('larder:refresh'),
  store,
  remove: store,
  'store-call': store,
  'store-skip': store,
  breaker: store,
  connection: store,
  pending: store,
  unreadable: store,
  invalidate: debug('larder:invalidate'),
  switch: store,
  lease: store,
  error: debug('larder:error'),
};

/**
 * Tells what happens and why where `DEBUG=larder:*` (or one of `larder:request`, `larder:value`, `larder:refresh`, `larder:store`,
 * `larder:invalidate`, `larder:error`) asks for it. Names routes by their pattern, so that nothing a client sent
 * gets into a log.
 */
export function withDebug(options: CacheOptions): CacheOptions {
  // What is no observer, or no object, is for the cache to refuse.
  const given: unknown = options?.observe;
  if (typeof options !== 'object' || options === null || (given !== undefined && typeof given !== 'function'))
    return options;
  const { observe } = options;
  return {
    ...options,
    observe(event) {
      const log = LOGS[event.type];
      if (log.enabled) log(textOf(event));
      observe?.(event);
    },
  };
}

function textOf(event: CacheEvent): string {
  switch (event.type) {
    case 'request': {
      const { method, route, status } = event;
      return `${method} ${route} ${xCache(status)} (${formatCacheStatus(status)}) ${explain(status)}`;
    }
    case 'value':
      return event.outcome;
    case 'refresh':
      return `${event.route} because it was ${REASONS[event.reason]}: ${event.outcome} after ${event.seconds.toFixed(3)} s`;
    case 'store':
      return `${event.bytes} bytes into ${event.tier}`;
    case 'remove':
      return `${event.bytes} bytes out of ${event.tier}: ${event.cause}`;
    case 'invalidate':
      return `${event.tags} tags, ${event.delivery}`;
    case 'store-call': {
      const failed = event.error === undefined ? '' : `: ${String(event.error)}`;
      return `${event.operation} in ${event.tier}, ${event.seconds.toFixed(4)} s${failed}`;
    }
    case 'store-skip':
      return `${event.operation} in ${event.tier}: not asked (${event.why})`;
    case 'breaker':
      return `${event.tier} at ${event.node}: ${event.state}`;
    case 'connection':
      return `${event.tier} at ${event.node}: connection ${event.state}`;
    case 'lease':
      return `memory in front of ${event.tier}: ${event.state === 'held' ? 'answers alone' : 'has every answer confirmed'}`;
    case 'unreadable':
      return `an entry in ${event.tier} cannot be read: ${event.reason}`;
    case 'pending':
      return `${event.tags} tags to be told to ${event.tier}`;
    case 'switch':
      return `the cache is turned ${event.on ? 'on' : 'off'}`;
    case 'error':
      return `could not ${event.doing}: ${String(event.error)}`;
  }
}

const REASONS = { stale: 'stale', early: 'near its end', slow: 'stale', scheduled: 'due' } as const;
