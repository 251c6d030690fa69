import { type CacheStatus, STALE_IF_ERROR, STALE_IF_SLOW } from './http/cache-status.ts';
import { type BareItem, type Item, parseList } from './http/structured.ts';

/** Why, in a sentence, and where that is written. */
type Reason = readonly [sentence: string, source: string];

/** What becomes of a request that the cache leaves alone, or answers otherwise than from a handler's response. */
const REQUESTS: Record<string, Reason> = {
  method: ['only GET and HEAD are answered from the cache', 'RFC 9110 §9.2.3'],
  host: ['it names no host, or several, so that no target URI can be told', 'RFC 9112 §3.2'],
  target: ['it names another URI than a path of this server', 'RFC 9112 §3.2.2'],
  'request-body': ['it is a GET with a body, which the key does not cover', 'RFC 9110 §9.3.1'],
  authorization: [
    'it carries Authorization, and the route gives the lifetime: use policy.partition, or no ttl',
    'RFC 9111 §3.5',
  ],
  user: [
    'it was authenticated upstream (req.user, req.auth or a session that holds something)',
    'Larder: safety',
  ],
  skip: ['policy.skip says so', 'Larder: responses'],
  disabled: ['the cache is turned off (cache.disable)', 'Larder: tiers'],
  upgrade: ['it asks for another protocol', 'RFC 9110 §7.8'],
  range: ['it asks for a part while no whole is stored', 'RFC 9110 §14.2'],
  precondition: ['If-Match and If-Unmodified-Since ask about the present state', 'RFC 9110 §13.1.1'],
  cookie: ['it carries cookies, and policy.cookies does not say which of them matter', 'Larder: safety'],
  partition: ['policy.partition does not say whose it is, or says otherwise than before', 'Larder: safety'],
  key: ['policy.key gives no key for it', 'Larder: keys'],
  'policy-error': ['a function of the policy threw; the observer was told what', 'Larder: responses'],
  'only-if-cached': ['it wants a stored response or none, and there is none', 'RFC 9111 §5.2.1.7'],
  ahead: ['a schedule asked for it, and it stays fresh for long enough', 'Larder: stale'],
  'too-late': ['its client left, or somebody else answered, while the cache was asked', 'Larder: responses'],
};

/** Why a response is not stored, or was not sent as its handler made it. */
const RESPONSES: Record<string, Reason> = {
  status: ['its status is not one that is stored', 'RFC 9111 §3; policy.statuses'],
  'must-understand': ['it says must-understand, and its status is unknown here', 'RFC 9111 §5.2.2.3'],
  'request-no-store': ['its request said no-store', 'RFC 9111 §5.2.1.5'],
  'no-store': ['it says no-store', 'RFC 9111 §5.2.2.5'],
  private: ['it says private, and the policy does not tell users apart', 'RFC 9111 §5.2.2.7'],
  'no-cache': ['it says no-cache, and has nothing to be validated by', 'RFC 9111 §5.2.2.4'],
  authorization: [
    'the request carries Authorization, and nothing says that the answer is for everybody (public, s-maxage, must-revalidate)',
    'RFC 9111 §3.5',
  ],
  'set-cookie': ['it sets a cookie, so its body may be for one as well', 'RFC 9111 §7.3'],
  'vary-any': ['it says Vary: *', 'RFC 9111 §4.1'],
  'vary-credentials': [
    'it varies by credentials, which is a partition: say so in the policy',
    'RFC 9111 §3.5',
  ],
  'vary-too-many': ['it varies by more than 8 request fields', 'Larder: keys'],
  'content-encoding': ['it has an encoding that its own request does not accept', 'RFC 9110 §12.5.3'],
  'content-range': ['it is a part of something', 'RFC 9111 §3.3'],
  'event-stream': ['it is a stream of events, which has no end', 'Larder: safety'],
  'no-freshness': [
    'nothing says how long it is fresh: give a ttl, or max-age, or Expires',
    'RFC 9111 §4.2.1',
  ],
  'first-sight': [
    'it says that there is nothing, and its key was asked for only once so far',
    'Larder: stale',
  ],
  'too-many-groups': ['it belongs to more than 64 groups', 'RFC 9875 §2'],
  'unkeyed-headers': ['its handler read all request fields at once, which no key covers', 'Larder: reads'],
  'unkeyed-cookie': ['its handler read a cookie that the key does not cover', 'Larder: reads'],
  'unkeyed-ip': ["its handler read the client's address", 'Larder: reads'],
  'unkeyed-user': ['its handler read who is asking (req.user)', 'Larder: reads'],
  'unkeyed-auth': ['its handler read who is asking (req.auth)', 'Larder: reads'],
  'unkeyed-session': ['its handler read the session', 'Larder: reads'],
  'unkeyed-field': ['its handler read a request field that the key does not cover', 'Larder: reads'],
  user: ['it was made for a user (req.user, req.auth or a session that holds something)', 'Larder: safety'],
  'method-override': ['the method was changed on the way', 'Larder: safety'],
  skip: [
    'the policy or the handler said to leave it out (policy.skip, res.cache.skip())',
    'Larder: responses',
  ],
  'invalid-control': [
    'res.cache was given something invalid; the observer was told what',
    'Larder: responses',
  ],
  'too-large': ['it is larger than policy.maxBodyBytes', 'Larder: responses'],
  'late-head': [
    'middleware behind the cache set a field as the head went out: mount it before cacheResponse',
    'Larder: responses',
  ],
  'invalid-head': ['its head could not be sent, and the error got another answer', 'RFC 9110 §5.5'],
  length: ['it has another length than its Content-Length says', 'RFC 9111 §3.3'],
  destroyed: ['it was broken off', 'RFC 9111 §3.3'],
  'client-gone': ['its client left in the middle of a stream', 'RFC 9111 §3.3'],
  'other-validator': ['its handler confirmed another entity tag than it was asked about', 'RFC 9111 §4.3.4'],
};

const FORWARDS: Record<string, string> = {
  bypass: 'The request had nothing to do with the cache',
  method: 'The request had nothing to do with the cache',
  'uri-miss': 'Nothing was stored for this URI',
  'vary-miss': 'Nothing was stored for this URI and these request fields',
  miss: 'Nothing was stored for this request',
  request: 'What was stored may not be used for this request (RFC 9111 §5.2.1, §3.5)',
  stale: 'What was stored was stale',
};

/**
 * Why a response was, or was not, answered from the cache and stored: in sentences, with the rule and its
 * section. Takes what the `request` event carries, or a `Cache-Status` field as a client got it.
 */
export function explain(status: CacheStatus | string): string {
  const given = typeof status === 'string' ? read(status) : status;
  if (given === undefined)
    return 'There is no Cache-Status of Larder here: the route is not behind cacheResponse.';
  const { detail } = given;
  if (given.hit) {
    const seconds = Math.abs(given.ttl);
    return given.ttl < 0
      ? `Answered from the cache, stale for ${seconds} s (RFC 5861 §3, RFC 9111 §4.2.4).`
      : `Answered from the cache, fresh for another ${seconds} s.`;
  }
  if (given.fwd === undefined) return `Not answered: ${because(detail!, REQUESTS)}.`;
  const bypassed = given.fwd === 'bypass' || given.fwd === 'method' || detail === 'range';
  const forward = bypassed
    ? `${FORWARDS.bypass}: ${because(detail ?? given.fwd, REQUESTS)}`
    : (FORWARDS[given.fwd] ?? 'The handler was asked');
  if (detail === STALE_IF_ERROR)
    return `${forward}. Its handler failed, and a stale response stood in (RFC 5861 §4).`;
  if (detail === STALE_IF_SLOW)
    return `${forward}. Its handler took too long, and a stale response stood in (RFC 5861 §4).`;
  if (given.collapsed)
    return `${forward}; it shared the answer that another request was fetching (RFC 9111 §4).`;
  if (bypassed) return `${forward}.`;
  if (detail !== undefined) return `${forward}. The answer was not stored: ${because(detail, RESPONSES)}.`;
  if (given.fwdStatus === 304) return `${forward}, and its handler confirmed it (RFC 9111 §4.3.4).`;
  return given.stored ? `${forward}; the answer was stored.` : `${forward}; the handler answered.`;
}

function because(detail: string, first: Record<string, Reason>): string {
  const known = [first, RESPONSES, REQUESTS].find((reasons) => Object.hasOwn(reasons, detail));
  if (known !== undefined) {
    const [sentence, source] = known[detail]!;
    return `${sentence} (${source})`;
  }
  const field = /^unkeyed-(.+)$/.exec(detail)?.[1];
  if (field === undefined) return `"${detail}"`;
  return `its handler read the request field ${field}, which the key does not cover: name it in Vary or policy.vary (Larder: reads)`;
}

/** Larder's own member of a Cache-Status list, the last one: nearest to the client. */
function read(text: string): CacheStatus | undefined {
  const own = parseList(text)?.findLast(
    (member): member is Item => 'value' in member && member.value === 'Larder',
  );
  if (own === undefined) return undefined;
  const parameter = (name: string): BareItem['value'] | undefined => own.parameters.get(name)?.value;
  return {
    hit: parameter('hit') === true ? true : undefined,
    fwd: parameter('fwd'),
    fwdStatus: parameter('fwd-status'),
    ttl: parameter('ttl') ?? 0,
    stored: parameter('stored'),
    collapsed: parameter('collapsed'),
    detail: parameter('detail'),
  } as CacheStatus;
}
