/** Bodies as apps answer with them: lists of things as JSON, and the same things as a page. The same in every run. */
const WORDS =
  'amber basket bench bottle brass candle canvas ceramic cotton cup field garden glass green grey harbor iron jar kettle lamp large leather letter linen little maple narrow north oak paper plain quiet river round salt silver slow small soft spoon stone stool striped table tall thread tin tray vase wall warm white wide window wood wool'.split(
    ' ',
  );

let seed = 1;
function below(limit: number): number {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
  return seed % limit;
}
const words = (count: number) => Array.from({ length: count }, () => WORDS[below(WORDS.length)]!).join(' ');

const thing = (id: number) => ({
  id,
  sku: below(2 ** 30).toString(36),
  name: words(2),
  description: words(12),
  priceCents: 100 * below(90) + 99,
  currency: 'EUR',
  inStock: below(3) > 0,
  tags: [words(1), words(1)],
  updatedAt: new Date(1_700_000_000_000 + 1000 * below(10_000_000)).toISOString(),
});
type Thing = ReturnType<typeof thing>;

const card = ({ id, name, description, priceCents }: Thing) => `
      <li class="product-card">
        <a class="product-card__link" href="/products/${id}"><h2 class="product-card__name">${name}</h2></a>
        <p class="product-card__description">${description}</p>
        <span class="product-card__price">€ ${(priceCents / 100).toFixed(2)}</span>
      </li>`;

const page = (things: readonly Thing[]) => `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Products</title><link rel="stylesheet" href="/style.css"></head>
  <body>
    <ul class="product-list">${things.map(card).join('')}
    </ul>
  </body>
</html>`;

/** As many things as fill so many bytes, or just more. */
function filling(bytes: number, write: (things: readonly Thing[]) => string): Buffer {
  const each = write([thing(1), thing(2)]).length - write([thing(1)]).length;
  const things = Array.from({ length: Math.ceil(bytes / each) }, (_, i) => thing(i + 1));
  return Buffer.from(write(things));
}

const KB = 1024;

export const BODIES: readonly (readonly [name: string, body: Buffer])[] = [
  ...[1, 2, 4, 16, 128, 1024].map(
    (size) => [`JSON, ${size} KB`, filling(size * KB, JSON.stringify)] as const,
  ),
  ...[16, 128].map((size) => [`HTML, ${size} KB`, filling(size * KB, page)] as const),
];
