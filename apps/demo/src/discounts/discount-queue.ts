import { type Job, Queue, Worker } from 'bullmq';
import type { SharedRedis } from '../redis.ts';
import type { Discount } from './discount-repository.ts';
import type { Given } from './discounts.ts';

export interface JobState {
  readonly id: string;
  readonly state: string;
  readonly result?: Given;
  readonly failure?: string;
}

const NAME = 'discounts';

/** Its keys have no TTL: what is done with is kept for people to look at, and goes when there is too much of it. */
const KEPT = {
  removeOnComplete: { age: 3_600, count: 1_000 },
  removeOnFail: { age: 86_400, count: 1_000 },
} as const;

/** The queue and, in this process too, the worker that empties it. */
export class DiscountQueue {
  readonly #redis: SharedRedis;
  readonly #queue: Queue<Discount, Given>;
  readonly #worker: Worker<Discount, Given>;

  constructor(redis: SharedRedis, give: (discount: Discount) => Promise<Given>) {
    const { url, client, prefixes } = redis;
    this.#redis = redis;
    this.#queue = new Queue(NAME, {
      connection: client,
      prefix: prefixes.jobs,
      // Asked for the version while Redis is not there, it would be of no use ever after. The worker asks.
      skipVersionCheck: true,
      skipWaitingForReady: true,
      defaultJobOptions: { attempts: 5, backoff: { type: 'exponential', delay: 1_000 }, ...KEPT },
    });
    this.#worker = new Worker(NAME, ({ data }) => give(data), {
      // Waits for the next job in a command that may take seconds, and for Redis to come back: on connections of its own.
      connection: { url, maxRetriesPerRequest: null },
      prefix: prefixes.jobs,
    });
    // Those of connections, which /readyz tells of.
    this.#queue.on('error', () => {});
    this.#worker.on('error', () => {});
    this.#worker.on('failed', (job, error) => console.error(`Discount ${job?.id}: ${error.message}`));
  }

  /** Rejects where Redis cannot be reached: nothing is promised then. */
  async add(discount: Discount): Promise<void> {
    await this.#queue.add('discount', discount, { jobId: discount.id });
  }

  async find(id: string): Promise<JobState | undefined> {
    const job = await this.#queue.getJob(id);
    return job && stateOf(id, job);
  }

  /** Lets the job under way end. Where Redis does not answer, nobody could be told that it has. */
  async close(): Promise<void> {
    const answers = await this.#redis.client.ping().then(
      () => true,
      () => false,
    );
    await this.#worker.close(!answers);
    await this.#queue.close();
  }
}

async function stateOf(id: string, job: Job<Discount, Given>): Promise<JobState> {
  const state = await job.getState();
  return {
    id,
    state,
    ...(state === 'completed' && { result: job.returnvalue }),
    ...(state === 'failed' && { failure: job.failedReason }),
  };
}
