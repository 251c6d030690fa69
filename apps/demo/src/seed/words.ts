export interface CategoryWords {
  readonly slug: string;
  readonly name: string;
  readonly nouns: readonly string[];
  readonly priceCents: readonly [number, number];
}

const category = (
  slug: string,
  name: string,
  priceCents: readonly [number, number],
  nouns: string,
): CategoryWords => ({ slug, name, priceCents, nouns: nouns.split(', ') });

export const CATEGORIES: readonly CategoryWords[] = [
  category(
    'books',
    'Books',
    [590, 4_900],
    'Atlas, Cookbook, Field Guide, Novel, Almanac, Anthology, Biography',
  ),
  category(
    'coffee',
    'Coffee',
    [690, 32_000],
    'Grinder, Dripper, Espresso Cup, Roast, Kettle, Moka Pot, Filter',
  ),
  category('tea', 'Tea', [490, 12_000], 'Teapot, Oolong, Sencha, Infuser, Tea Tin, Gaiwan, Chai'),
  category(
    'kitchen',
    'Kitchen',
    [890, 45_000],
    'Skillet, Saucepan, Chef’s Knife, Peeler, Whisk, Colander, Mortar',
  ),
  category(
    'tableware',
    'Tableware',
    [690, 18_000],
    'Plate, Bowl, Tumbler, Carafe, Serving Board, Salad Fork, Mug',
  ),
  category(
    'baking',
    'Baking',
    [390, 16_000],
    'Loaf Tin, Rolling Pin, Proofing Basket, Cake Ring, Scraper, Scale',
  ),
  category(
    'pantry',
    'Pantry',
    [290, 4_500],
    'Olive Oil, Honey, Sea Salt, Vinegar, Marmalade, Lentils, Mustard',
  ),
  category(
    'garden',
    'Garden',
    [390, 22_000],
    'Trowel, Pruner, Watering Can, Planter, Seed Box, Rake, Hose Reel',
  ),
  category('tools', 'Tools', [590, 39_000], 'Hammer, Plane, Chisel, Spirit Level, Hand Saw, Drill, Spanner'),
  category(
    'lighting',
    'Lighting',
    [1_900, 48_000],
    'Desk Lamp, Pendant, Lantern, Wall Light, Reading Light, Bulb',
  ),
  category(
    'furniture',
    'Furniture',
    [4_900, 180_000],
    'Armchair, Side Table, Shelf, Stool, Bench, Desk, Coat Stand',
  ),
  category(
    'bedding',
    'Bedding',
    [1_900, 42_000],
    'Duvet, Pillow, Blanket, Fitted Sheet, Throw, Mattress Cover',
  ),
  category('bath', 'Bath', [590, 14_000], 'Towel, Soap Dish, Bath Mat, Sponge, Robe, Brush, Hand Soap'),
  category(
    'stationery',
    'Stationery',
    [190, 9_500],
    'Notebook, Fountain Pen, Pencil, Ruler, Envelope, Ink, Planner',
  ),
  category(
    'art',
    'Art Supplies',
    [290, 24_000],
    'Easel, Watercolour, Sketchbook, Canvas, Charcoal, Paintbrush',
  ),
  category(
    'toys',
    'Toys',
    [690, 15_000],
    'Train, Puzzle, Kite, Spinning Top, Puppet, Building Block, Abacus',
  ),
  category(
    'games',
    'Games',
    [990, 12_000],
    'Chess Set, Card Deck, Dice Tower, Domino, Backgammon Board, Go Stone',
  ),
  category('cycling', 'Cycling', [790, 120_000], 'Saddle, Pannier, Pump, Bell, Helmet, Handlebar, Lock'),
  category(
    'camping',
    'Camping',
    [890, 68_000],
    'Tent, Stove, Sleeping Bag, Headlamp, Cook Pot, Hammock, Flask',
  ),
  category('running', 'Running', [990, 22_000], 'Shoe, Cap, Shorts, Wind Jacket, Belt, Sock, Vest'),
  category('bags', 'Bags', [1_490, 36_000], 'Backpack, Tote, Satchel, Weekender, Pouch, Wallet, Briefcase'),
  category(
    'audio',
    'Audio',
    [1_900, 140_000],
    'Headphones, Speaker, Turntable, Amplifier, Microphone, Receiver',
  ),
  category(
    'photo',
    'Photography',
    [990, 160_000],
    'Tripod, Lens, Camera Strap, Film, Light Meter, Developing Tank',
  ),
  category(
    'watches',
    'Watches',
    [3_900, 190_000],
    'Field Watch, Pocket Watch, Wall Clock, Alarm Clock, Watch Strap',
  ),
];

export const ADJECTIVES =
  'Quiet, Northern, Everyday, Slow, Sturdy, Little, Plain, Bright, Folding, Coastal, Evening, Classic, Weathered, Honest, Alpine, Second, Travelling, Long, Modern, Hidden'.split(
    ', ',
  );

export const MATERIALS =
  'Oak, Linen, Copper, Enamel, Walnut, Wool, Steel, Cork, Leather, Stoneware, Brass, Cotton, Glass, Ash, Canvas, Cast-Iron, Bamboo, Felt, Beech, Ceramic'.split(
    ', ',
  );

export const SENTENCES = [
  'Made in small batches by a workshop that has done little else for forty years.',
  'Light enough to carry all day, and heavy enough to stay where you put it.',
  'Every part can be replaced, and we keep the parts.',
  'It ships in plain cardboard, without plastic, and arrives ready to use.',
  'The finish darkens with age, which is the point of it.',
  'Tested in our own kitchen, garden and workshop before it went on the shelf.',
  'A favourite of people who own one already and want another for somebody else.',
  'Wash by hand, dry at once, and it will outlive the warranty by decades.',
  'Comes with a two-page manual that nobody has needed so far.',
  'The second edition fixes what customers told us about the first.',
  'Stores flat, stacks well, and does not mind the dishwasher.',
  'Designed around a simple idea, then left alone.',
];

export const GIVEN_NAMES =
  'Ada, Bruno, Chiara, Dmitri, Elif, Femi, Greta, Hamid, Ines, Jonas, Keiko, Lars, Mina, Noor, Oskar, Priya, Quentin, Rosa, Samir, Tove, Ulla, Viktor, Wanda, Ximena, Yusuf, Zofia'.split(
    ', ',
  );

export const FAMILY_NAMES =
  'Almeida, Brandt, Costa, Dubois, Eriksen, Fischer, Garcia, Haddad, Ito, Jensen, Kowalski, Lindgren, Moreau, Novak, Okafor, Petrov, Quist, Rossi, Sato, Tanaka, Ueda, Virtanen, Weber, Yilmaz, Zhang'.split(
    ', ',
  );

export const BIOS = [
  'Cooks for six, shops for two.',
  'Looking for the last notebook I will ever need.',
  'Repairs things. Breaks other things.',
  'Weekend cyclist, weekday reader.',
  'Tea before nine, coffee after.',
  '',
];

export const REVIEW_OPENINGS: Readonly<Record<number, readonly string[]>> = {
  1: ['Came apart in a week.', 'Not what the picture shows.'],
  2: ['Expected more for the price.', 'It works, most days.'],
  3: ['Does what it says.', 'Fine, nothing more.'],
  4: ['Very good, with one small flaw.', 'Would buy again.'],
  5: ['Exactly right.', 'The best I have owned.', 'Bought a second one.'],
};

export const REVIEW_ENDINGS = [
  'Delivery took three days.',
  'My sister wants one too.',
  'The packaging was sensible.',
  'Use it every morning.',
  'Colour is a little darker than shown.',
  'Customer service answered within the hour.',
];
