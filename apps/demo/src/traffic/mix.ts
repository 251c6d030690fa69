import type { Random } from '../seed/random.ts';
import { ADJECTIVES, MATERIALS } from '../seed/words.ts';
import { zipf } from '../seed/zipf.ts';
import type { Call } from './client.ts';
import type { Scene } from './visitors.ts';

export interface Visit extends Call {
  /** What the tables call it. */
  readonly label: string;
  /** The route's pattern, as the shop's own metrics name it. */
  readonly route: string;
}

type Make = () => Visit;

const SORTS = ['newest', 'newest', 'popular'];

/** Draws visits as a shop sees them: a few products are looked at much, and about 2 % of requests write. */
export function visits(scene: Scene, random: Random): Make {
  const table: readonly (readonly [weight: number, make: Make])[] = [
    ...reads(scene, random),
    ...writes(scene, random),
  ];
  const sum = table.reduce((total, [weight]) => total + weight, 0);
  return () => {
    let left = random.next() * sum;
    for (const [weight, make] of table) {
      left -= weight;
      if (left < 0) return make();
    }
    return table[0]![1]();
  };
}

function reads({ products, categories, shoppers }: Scene, random: Random): [number, Make][] {
  const popular = random.shuffle(Array.from({ length: products }, (_, index) => index + 1));
  const productRank = zipf(products, 1.35, random);
  const categoryRank = zipf(categories.length, 1, random);
  const terms = random.shuffle([...ADJECTIVES, ...MATERIALS]);
  const termRank = zipf(terms.length, 1.2, random);
  const pageRank = zipf(5, 1.5, random);
  const userRank = zipf(200, 1.2, random);
  const product = () => popular[productRank()]!;
  const shopper = () => random.pick(shoppers).token;

  const list = (label: string, query: string): Visit => get(label, '/api/products', `/api/products?${query}`);
  return [
    [45, () => get('product', '/api/products/:id', `/api/products/${product()}`)],
    [
      15,
      () =>
        list(
          'category list',
          `category=${categories[categoryRank()]}&sort=${random.pick(SORTS)}&page=${pageRank() + 1}`,
        ),
    ],
    [4, () => list('whole list', `sort=${random.pick(SORTS)}&page=${pageRank() + 1}`)],
    [6, () => list('search', `q=${encodeURIComponent(terms[termRank()]!.toLowerCase())}&sort=rating`)],
    [6, () => get('reviews', '/api/products/:id/reviews', `/api/products/${product()}/reviews`)],
    [4, () => get('categories', '/api/categories', '/api/categories')],
    [1, () => get('report', '/api/categories/report', '/api/categories/report')],
    [6, () => get('profile', '/api/users/:id', `/api/users/${userRank() + 2}`)],
    [3, () => get('me', '/api/users/me', '/api/users/me', shopper())],
    [8, () => get('dashboard', '/api/users/me/dashboard', '/api/users/me/dashboard', shopper())],
  ];
}

function writes({ products, shoppers, staff }: Scene, random: Random): [number, Make][] {
  const anyProduct = () => random.int(1, products);
  const shopper = () => random.pick(shoppers).token;
  const order = () => ({ items: [{ productId: anyProduct(), quantity: random.int(1, 2) }] });
  const review = () => ({ rating: random.int(1, 5), body: 'Arrived in time, as the traffic did.' });
  const price = () => ({ priceCents: random.int(20, 2_000) * 10 });
  const bio = () => ({ bio: `Has changed this text ${random.int(2, 99)} times.` });
  return [
    [1.6, () => write('order', 'POST', '/api/orders', '/api/orders', shopper(), order())],
    [0.2, () => write('bio', 'PUT', '/api/users/me', '/api/users/me', shopper(), bio())],
    [
      0.1,
      () => {
        const path = `/api/products/${anyProduct()}/reviews`;
        return write('review', 'POST', '/api/products/:id/reviews', path, shopper(), review());
      },
    ],
    [
      0.1,
      () =>
        write('price', 'PATCH', '/api/products/:id', `/api/products/${anyProduct()}`, staff.token, price()),
    ],
  ];
}

const get = (label: string, route: string, path: string, token?: string): Visit => ({
  label,
  route,
  method: 'GET',
  path,
  ...(token && { token }),
});

const write = (
  label: string,
  method: 'POST' | 'PUT' | 'PATCH',
  route: string,
  path: string,
  token: string,
  body: object,
): Visit => ({ label: `${label} (write)`, route, method, path, token, body });
