import {
  type Cache,
  type HandlerHead,
  NAMESPACE_TAG,
  NOTHING_READ,
  resolvePolicy,
  type Wanted,
} from '@larder/core';

/** No tag of it but the namespace's is known before its handler runs. */
const WANTED: Wanted = {
  head: {
    method: 'GET',
    scheme: 'http',
    authority: 'shop.example',
    target: '/page',
    rewritten: undefined,
    fields: { get: () => undefined },
    hasBody: false,
  },
  key: 'page',
  tags: [NAMESPACE_TAG],
};

const HEAD: HandlerHead = {
  status: 200,
  lines: [],
  inherited: new Set(),
  removed: [],
  directivesForClients: false,
  expiresIn: undefined,
  reads: NOTHING_READ,
  route: '/page',
};

const RULES = resolvePolicy(3600);

/** What a middleware does: a stored response, or the handler's, which names `tag` when it has read what it shows. */
export async function pageOf(
  cache: Cache,
  tag: string,
  handler: () => Promise<string>,
  behind: (storing: Promise<unknown>) => void,
): Promise<string> {
  const answer = await cache.answer(WANTED, RULES);
  if (answer.kind === 'stored') return answer.stored.body.toString();
  const { fill } = answer as Extract<typeof answer, { kind: 'forward' }>;
  const body = await handler();
  fill?.tag([tag]);
  const plan = fill?.plan(HEAD);
  if (plan?.kind === 'store') behind(fill!.complete({ ...plan.response, body: Buffer.from(body) }));
  return body;
}
