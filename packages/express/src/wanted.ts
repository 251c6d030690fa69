import {
  type Bypass,
  type Cache,
  isKeyText,
  mustForward,
  NAMESPACE_TAG,
  nominate,
  partitionTag,
  type RequestHead,
  type ResolvedPolicy,
  responseKey,
  targetUri,
  uriTag,
  type Wanted,
} from '@larder/core';
import type { Request } from 'express';
import { cookieValues, isAuthenticated, requestHead } from './request-head.ts';

/** What to look for, or why the cache has nothing to do with the request. */
export type Asked =
  | { readonly kind: 'wanted'; readonly wanted: Wanted; readonly partition: string | undefined }
  | { readonly kind: 'bypass'; readonly detail: Bypass | 'partition' | 'key' | 'policy-error' };

/** Reads a request by a policy. What the app's own functions throw is told, and bypasses. */
export function asked(cache: Cache, policy: ResolvedPolicy<Request>, req: Request): Asked {
  const head = requestHead(req);
  try {
    const reason = mustForward({ head, authenticated: isAuthenticated(req) }, policy);
    if (reason !== undefined) return { kind: 'bypass', detail: reason };
    if (policy.skip?.(req)) return { kind: 'bypass', detail: 'skip' };
    return wantedBy(cache.keyspace, policy, req, head);
  } catch (error) {
    cache.observe({
      type: 'error',
      namespace: cache.namespace,
      doing: 'apply the policy to a request',
      error,
    });
    return { kind: 'bypass', detail: 'policy-error' };
  }
}

function wantedBy(keyspace: string, policy: ResolvedPolicy<Request>, req: Request, head: RequestHead): Asked {
  const partition = policy.partition?.(req);
  if (policy.partition !== undefined && !isKeyText(partition)) return { kind: 'bypass', detail: 'partition' };
  const custom = policy.key?.(req);
  const parts = typeof custom === 'string' ? [custom] : custom;
  if (policy.key !== undefined && !(Array.isArray(parts) && parts.every(isKeyText)))
    return { kind: 'bypass', detail: 'key' };
  const cookies = typeof policy.cookies === 'string' ? [] : cookieValues(req, policy.cookies);
  const whose = partition === undefined ? [] : [partitionTag(partition)];
  const keyed = [...nominate(policy.vary, head.fields), ...cookies];
  return {
    kind: 'wanted',
    partition,
    wanted: {
      head,
      key: responseKey({ namespace: keyspace, head, custom: parts, partition, keyed }),
      tags: [NAMESPACE_TAG, uriTag(targetUri(head)), ...whose, ...policy.tags(req)],
    },
  };
}
