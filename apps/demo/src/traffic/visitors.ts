import { DEMO_PASSWORD, STAFF_EMAIL, shopperEmail } from '../seed/people.ts';
import type { Client } from './client.ts';

export interface Visitor {
  readonly id: number;
  readonly token: string;
}

/** What the mix needs to know of the shop it visits. */
export interface Scene {
  readonly products: number;
  readonly categories: readonly string[];
  readonly shoppers: readonly Visitor[];
  readonly staff: Visitor;
}

const FIRST_SHOPPER = 2;
const SHOPPERS = 25;

/** @throws Error with a message for people */
export async function lookAround(client: Client): Promise<Scene> {
  const { total } = await json<{ total: number }>(client, '/api/products?limit=1');
  const { items } = await json<{ items: { slug: string }[] }>(client, '/api/categories');
  const emails = Array.from({ length: SHOPPERS }, (_, index) => shopperEmail(FIRST_SHOPPER + index));
  const shoppers: Visitor[] = [];
  for (const email of emails) shoppers.push(await logIn(client, email));
  return {
    products: total,
    categories: items.map((category) => category.slug),
    shoppers,
    staff: await logIn(client, STAFF_EMAIL),
  };
}

/** @throws Error with a message for people */
export async function logIn(client: Client, email: string): Promise<Visitor> {
  const body = { email, password: DEMO_PASSWORD };
  const { status, text } = await client.send({ method: 'POST', path: '/api/sessions', body });
  if (status !== 201)
    throw new Error(`${email} could not log in (${status}): is this the demo with its own seed?`);
  const { token, userId } = JSON.parse(text) as { token: string; userId: number };
  return { id: userId, token };
}

/** @throws Error with a message for people */
export async function json<T>(client: Client, path: string): Promise<T> {
  const { status, text } = await client.send({ method: 'GET', path });
  if (status !== 200) throw new Error(`GET ${path} gave ${status}: is this the demo?`);
  return JSON.parse(text) as T;
}
