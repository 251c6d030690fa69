import { describe, expect, it } from 'vitest';
import type { Product } from '../src/products/product-repository.ts';
import { discountTags, listedTags, listTags, productTags } from '../src/tags.ts';

const product: Product = {
  id: 7,
  sku: 'TEA-00007',
  name: 'Quiet Tin',
  description: '',
  priceCents: 500,
  stock: 3,
  category: 'tea',
  createdAt: new Date(0),
  updatedAt: new Date(0),
};

describe('a write to a product invalidates', () => {
  const everywhere = ['product:7', 'listed:7', 'listings', 'sorted-by:price', 'sorted-by:name', 'searches'];
  it.each([
    ['created', undefined, product, [...everywhere, 'products', 'categories', 'category:tea']],
    ['removed', product, undefined, [...everywhere, 'products', 'categories', 'category:tea']],
    [
      'given a price',
      product,
      { ...product, priceCents: 600 },
      ['product:7', 'listed:7', 'listings', 'sorted-by:price'],
    ],
    ['described', product, { ...product, description: 'New.' }, ['product:7', 'searches']],
    ['delivered', product, { ...product, stock: 30 }, ['product:7']],
    [
      'moved',
      product,
      { ...product, category: 'books' },
      ['product:7', 'listed:7', 'listings', 'products', 'categories', 'category:tea', 'category:books'],
    ],
  ] as const)('what it is seen in when it is %s', (_, before, after, tags) => {
    expect(productTags(before, after)).toEqual(tags);
  });
});

it('a discount invalidates what shows a price of its category, and what is sorted by or computed from prices', () => {
  expect(discountTags('tea')).toEqual(['prices-of:tea', 'listings', 'sorted-by:price']);
});

describe('a list falls', () => {
  it('with its category, its search and what it is sorted by, and not with those of others', () => {
    expect(listTags({ category: 'tea', sort: '-price' })).toEqual([
      'catalogue',
      'lists',
      'category:tea',
      'sorted-by:price',
    ]);
    expect(listTags({ q: 'mug' })).toEqual(['catalogue', 'lists', 'products', 'searches']);
    expect(listTags({ sort: '__proto__' as never })).toEqual(['catalogue', 'lists', 'products']);
  });

  it('with each product on it, while they can be named', () => {
    const of = (length: number, ...categories: string[]) =>
      Array.from({ length }, (_, id) => ({ id, category: categories[id % categories.length]! }));
    expect(listedTags(of(2, 'tea'))).toEqual(['listed:0', 'listed:1', 'prices-of:tea']);
    expect(listedTags(of(57, 'tea', 'books'))).toHaveLength(59);
    expect(listedTags(of(58, 'tea', 'books'))).toEqual(['listings']);
  });
});
