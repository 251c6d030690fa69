/** How `undefined` is kept, for which JSON has no text. */
const NO_BYTES = Buffer.alloc(0);

/** @throws TypeError for what JSON cannot say */
export const encode = (value: unknown): Buffer =>
  value === undefined ? NO_BYTES : Buffer.from(JSON.stringify(value), 'utf8');

/** A copy of its own for every reader. */
export const decode = (body: Buffer): unknown =>
  body.length === 0 ? undefined : JSON.parse(body.toString('utf8'));
