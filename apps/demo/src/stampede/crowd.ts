import { openClient, type Reply } from '../traffic/client.ts';

/** What a client got, or why it got nothing. */
export type Got = Reply | Error;

/**
 * Clients with a connection each, dealt out over the processes of one shop, that ask for the same at the same moment.
 * All name the host of the first process, as they would behind a load balancer: it is part of what is kept.
 */
export async function askAtOnce(shops: readonly URL[], requests: number, path: string): Promise<Got[]> {
  const clients = shops.map((shop) => openClient(shop, { concurrency: requests, host: shops[0]!.host }));
  const everyOne = Array.from({ length: requests }, (_, index) => clients[index % clients.length]!);
  try {
    // Before the clock runs: it is the shop that is measured, and not the way to it.
    const share = Math.ceil(requests / clients.length);
    await Promise.all(clients.map((client) => client.connect(share)));
    return await Promise.all(
      everyOne.map((client) => client.send({ method: 'GET', path }).catch((error: Error) => error)),
    );
  } finally {
    for (const client of clients) client.close();
  }
}
