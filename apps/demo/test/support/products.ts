import request from 'supertest';
import type { Product } from '../../src/products/product-repository.ts';
import type { ProductInput } from '../../src/products/schemas.ts';
import { bearer, type TestShop } from './shop.ts';

let made = 0;

export function productInput(changes: Partial<ProductInput> = {}): ProductInput {
  made += 1;
  return {
    sku: `TEST-${String(made).padStart(4, '0')}`,
    name: 'Plain Test Mug',
    description: 'A mug that exists for a test.',
    priceCents: 1_200,
    stock: 5,
    category: 'books',
    ...changes,
  };
}

export async function createProduct(shop: TestShop, changes: Partial<ProductInput> = {}): Promise<Product> {
  const { body } = await request(shop.server)
    .post('/api/products')
    .set(...bearer(shop.staff))
    .send(productInput(changes))
    .expect(201);
  return body;
}

export const changeProduct = (shop: TestShop, id: number, changes: object) =>
  request(shop.server)
    .patch(`/api/products/${id}`)
    .set(...bearer(shop.staff))
    .send(changes)
    .expect(200);
