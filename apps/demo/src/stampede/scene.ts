import { REPORT_QUERY } from '../categories/category-repository.ts';
import { STAFF_EMAIL } from '../seed/people.ts';
import { type Client, explain, openClient, type Reply } from '../traffic/client.ts';
import { sqlQueries } from '../traffic/samples.ts';
import { json, logIn } from '../traffic/visitors.ts';

export const REPORT = '/api/categories/report';

interface Priced {
  readonly id: number;
  readonly priceCents: number;
}

/** The shop as one member of its staff has it: who can ask for the report, and let what is kept of it fall. */
export class Scene {
  readonly #clients: readonly Client[];
  readonly #token: string;
  readonly product: Priced;

  private constructor(clients: readonly Client[], token: string, product: Priced) {
    this.#clients = clients;
    this.#token = token;
    this.product = product;
  }

  /** @throws Error with a message for people */
  static async enter(shops: readonly URL[]): Promise<Scene> {
    const { host } = shops[0]!;
    const clients = shops.map((shop) => openClient(shop, { concurrency: 1, host, keepAlive: false }));
    try {
      await Promise.all(
        clients.map((client, index) =>
          client.send({ method: 'GET', path: '/healthz' }).catch(explain(shops[index]!)),
        ),
      );
      const { token } = await logIn(clients[0]!, STAFF_EMAIL);
      const { items } = await json<{ items: Priced[] }>(clients[0]!, '/api/products?limit=1');
      return new Scene(clients, token, items[0]!);
    } catch (error) {
      for (const client of clients) client.close();
      throw error;
    }
  }

  /** @throws Error with a message for people */
  async setPrice(priceCents: number): Promise<void> {
    const { status } = await this.#clients[0]!.send({
      method: 'PATCH',
      path: `/api/products/${this.product.id}`,
      token: this.#token,
      body: { priceCents },
    });
    if (status !== 200)
      throw new Error(`The price of product ${this.product.id} was not changed: ${status}.`);
  }

  report(): Promise<Reply> {
    return this.#clients[0]!.send({ method: 'GET', path: REPORT });
  }

  /** How often all processes together have asked Postgres for the report. */
  async queries(): Promise<number> {
    const pages = await Promise.all(
      this.#clients.map((client) => client.send({ method: 'GET', path: '/metrics' })),
    );
    return pages.reduce((sum, { text }) => sum + sqlQueries(text, { query: REPORT_QUERY }), 0);
  }

  leave(): void {
    for (const client of this.#clients) client.close();
  }
}
