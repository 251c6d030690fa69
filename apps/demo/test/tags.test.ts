import { describe, expect, it } from 'vitest';
import type { Product } from '../src/products/product-repository.ts';
import { productTags } from '../src/tags.ts';

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
  it.each([
    ['created', undefined, product, ['product:7', 'products', 'category:tea', 'categories']],
    ['removed', product, undefined, ['product:7', 'products', 'category:tea', 'categories']],
    ['given a price', product, { ...product, priceCents: 600 }, ['product:7', 'products', 'category:tea']],
    ['delivered', product, { ...product, stock: 30 }, ['product:7']],
    [
      'moved',
      product,
      { ...product, category: 'books' },
      ['product:7', 'products', 'category:tea', 'category:books', 'categories'],
    ],
  ] as const)('what it is seen in when it is %s', (_, before, after, tags) => {
    expect(productTags(before, after)).toEqual(tags);
  });
});
