import { describe, expect, it } from 'vitest';
import type { Product } from '../src/products/product-repository.ts';
import { listedTags, listTags, productTags } from '../src/tags.ts';

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

describe('a list falls', () => {
  it('with its category, its search and what it is sorted by, and not with those of others', () => {
    expect(listTags({ category: 'tea', sort: '-price' })).toEqual([
      'catalogue',
      'category:tea',
      'sorted-by:price',
    ]);
    expect(listTags({ q: 'mug' })).toEqual(['catalogue', 'products', 'searches']);
    expect(listTags({ sort: '__proto__' as never })).toEqual(['catalogue', 'products']);
  });

  it('with each product on it, while they can be named', () => {
    expect(listedTags([{ id: 1 }, { id: 2 }])).toEqual(['listed:1', 'listed:2']);
    expect(listedTags(Array.from({ length: 51 }, (_, id) => ({ id })))).toEqual(['listings']);
  });
});
