import type { Delivery } from '@larder/core';
import type { Reply, Shop } from '../support/shop.ts';

/** The machine's one clock, in µs, which processes share. */
export const microseconds = () => Number(process.hrtime.bigint() / 1000n);

/** How long another process may answer from memory what was invalidated elsewhere. */
const LEASE_US = 1_000_000;

/** Who asks after `from` may not be given what a handler had begun before `floor`. */
interface Rule {
  readonly from: number;
  readonly floor: number;
  /** Why. */
  readonly why: string;
}

/** Rules of a process that are kept one by one: no request takes as long as it takes to make so many. */
const MAX_RULES = 2000;

/** Of invalidations and of what was answered since: whether anybody was given what he may not have any more. */
export class History {
  readonly #rules = new Map<Shop, Rule[]>();
  readonly #shops: readonly Shop[];
  readonly violations: string[] = [];
  reads = 0;
  /** What happens meanwhile. */
  during = 'nothing';
  readonly invalidations: Record<Delivery, number> = { done: 0, pending: 0 };

  constructor(shops: readonly Shop[]) {
    this.#shops = shops;
    for (const shop of shops) this.#rules.set(shop, []);
  }

  async ask(shop: Shop, asking: () => Promise<Reply>): Promise<void> {
    const begin = microseconds();
    const { began, by, run, path, x } = await asking();
    this.reads += 1;
    const broken = this.#rules.get(shop)!.findLast(({ from, floor }) => from < begin && began < floor);
    if (broken === undefined) return;
    const { from, floor, why } = broken;
    this.violations.push(
      `${this.during}: ${path} of ${shop.pid} is ${x}, of run ${run} of ${by}, begun ${floor - began} µs before it was ${why}, asked for ${begin - from} µs after that had to be known`,
    );
  }

  async invalidate(shop: Shop): Promise<void> {
    const floor = microseconds();
    const { state } = await shop.call('invalidate', 'thing');
    this.invalidations[state] += 1;
    const ack = microseconds();
    for (const each of this.#shops) {
      const why = `invalidated at ${shop.pid} (${state})`;
      if (each === shop) this.#add(each, { from: ack, floor, why });
      else if (state === 'done') this.#add(each, { from: ack + LEASE_US, floor, why });
    }
  }

  #add(shop: Shop, rule: Rule): void {
    const rules = this.#rules.get(shop)!;
    rules.push(rule);
    if (rules.length > MAX_RULES) rules.splice(0, MAX_RULES / 2);
  }
}
