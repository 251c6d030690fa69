import type { Larder } from '@larder/express';
import { discountTags } from '../tags.ts';
import type { Discount, DiscountRepository } from './discount-repository.ts';

export interface Given {
  readonly changed: number;
  /** `pending`: Redis could not be told. This process has forgotten all the same. */
  readonly invalidated: 'done' | 'pending';
}

/**
 * A write that no route makes, so there is no `invalidates` to tell the cache: who makes it does. Run twice, because the
 * first time broke off between the two, it changes nothing more and still empties what it should.
 */
export const discounts =
  (repository: DiscountRepository, { cache }: Larder) =>
  async (discount: Discount): Promise<Given> => {
    const changed = await repository.give(discount);
    const { state } = await cache.invalidate(discountTags(discount.category));
    return { changed, invalidated: state };
  };
