/** Why a request went forward to the handler (RFC 9211 §2.2). */
export type Forward = 'bypass' | 'method' | 'uri-miss' | 'vary-miss' | 'miss' | 'request' | 'stale';

/** A request that a stored response answered; `ttl` is negative when that was stale. */
export interface HitStatus {
  readonly hit: true;
  readonly ttl: number;
  readonly detail?: string | undefined;
}

/** A request that went forward, whatever became of it. */
export interface ForwardStatus {
  readonly hit?: undefined;
  readonly fwd: Forward;
  readonly fwdStatus?: number | undefined;
  readonly ttl?: number | undefined;
  readonly stored?: boolean | undefined;
  readonly collapsed?: boolean | undefined;
  readonly detail?: string | undefined;
}

/** A request that wanted nothing but what is stored, and there was nothing (RFC 9111 §5.2.1.7). */
export interface UnansweredStatus {
  readonly hit?: undefined;
  readonly fwd?: undefined;
  readonly detail: string;
}

/** How the cache handled one request (RFC 9211 §2): the header, the event and the metric all say this. */
export type CacheStatus = HitStatus | ForwardStatus | UnansweredStatus;

export type XCache = 'HIT' | 'MISS' | 'STALE' | 'BYPASS';

/** The `detail` of a forward whose failure a stale response covered (RFC 5861 §4). */
export const STALE_IF_ERROR = 'stale-if-error';

/** The same of one that took longer than a client should wait. */
export const STALE_IF_SLOW = 'stale-if-slow';

const COVERED: ReadonlySet<string | undefined> = new Set([STALE_IF_ERROR, STALE_IF_SLOW]);

export function xCache(status: CacheStatus): XCache {
  if (status.hit) return status.ttl < 0 ? 'STALE' : 'HIT';
  if (status.fwd === undefined) return 'MISS';
  if (COVERED.has(status.detail)) return 'STALE';
  return status.fwd === 'bypass' || status.fwd === 'method' || status.fwd === 'request' ? 'BYPASS' : 'MISS';
}

/** One member of the Cache-Status list; appended to what caches nearer the origin have said (RFC 9211 §2). */
export function formatCacheStatus(status: CacheStatus, before?: string): string {
  const own = `Larder${parameters(status).join('')}`;
  return before === undefined || before.trim() === '' ? own : `${before}, ${own}`;
}

function parameters(status: CacheStatus): string[] {
  const detail = status.detail === undefined ? [] : [`; detail=${status.detail}`];
  if (status.hit) return ['; hit', `; ttl=${status.ttl}`, ...detail];
  if (status.fwd === undefined) return detail;
  return [
    `; fwd=${status.fwd}`,
    ...(status.fwdStatus === undefined ? [] : [`; fwd-status=${status.fwdStatus}`]),
    ...(status.ttl === undefined ? [] : [`; ttl=${status.ttl}`]),
    ...(status.stored ? ['; stored'] : []),
    ...(status.collapsed ? ['; collapsed'] : []),
    ...detail,
  ];
}
