const DESCRIPTION = 'A tin that keeps what is put into it, quietly and for as long as it is told to. '.repeat(
  24,
);

/**
 * What the handler answers with, about 2 KB of JSON; the load process knows it too, and compares. Members are in order
 * of the alphabet, into which async-cache-dedupe puts what it stores.
 */
export const product = (id: string) => ({
  description: DESCRIPTION,
  id,
  name: 'Quiet Tin',
  priceCents: 1200,
});

export type Product = ReturnType<typeof product>;
