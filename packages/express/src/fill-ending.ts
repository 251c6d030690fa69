import type { Fill, Plan, StoredResponse } from '@larder/core';
import type { Response } from 'express';
import type { FilledRequest } from './filled-request.ts';
import { linesOf } from './head.ts';

/** A response that its handler has ended, and what was planned for it. */
export interface Ending {
  readonly plan: Plan;
  /** What was to be stored, but for the bytes of a stream. */
  readonly response: StoredResponse | undefined;
  readonly declared: number | undefined;
  readonly fill: Fill;
  readonly res: Response;
  readonly request: FilledRequest;
  /** For a write: everything that it made out of date is invalidated. */
  readonly invalidated: Promise<void> | undefined;
}

/** What came of it, as far as the head has not told. */
export interface Outcome {
  readonly stored?: boolean;
  readonly detail?: string;
}

/** Does with the stores what was planned, unless something speaks against it by now. */
export async function settle(ending: Ending, body: Buffer | undefined): Promise<Outcome> {
  const { plan, response, fill, request, invalidated } = ending;
  if (plan.kind !== 'store') {
    const stored = plan.kind === 'pass' ? plan.stored : response;
    if (stored === 'outdated') await fill.outdate();
    else if (stored !== undefined) await fill.complete(stored);
    return {};
  }
  const objection = objectionTo(ending, body);
  if (objection !== undefined) {
    fill.abandon(objection);
    return { stored: false, detail: objection };
  }
  const forEverybody = response!.forEverybody && !request.reads.fields.has('authorization');
  // What was there before is not there any more, whether this is kept or not.
  if (!plan.admitted) await fill.outdate();
  await invalidated;
  return { stored: await fill.complete({ ...response!, forEverybody, body: body! }) };
}

/** Why the whole is not stored that was to be. */
function objectionTo(
  { response, declared, fill, res, request }: Ending,
  body: Buffer | undefined,
): string | undefined {
  request.lookAgain(fill);
  if (response === undefined) return 'invalid-head';
  if (body === undefined) return 'too-large';
  if (declared !== undefined && declared !== body.length) return 'length';
  if (res.statusCode !== response.status && res.statusCode !== 304) return 'status';
  return fill.objection(response, linesOf(res), request.reads);
}
