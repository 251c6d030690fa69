/** A value of RESP2, its texts byte for byte as latin1. An error is a value: some of them are what is waited for. */
export type Reply = string | number | null | RedisError | readonly Reply[];

export class RedisError extends Error {
  override readonly name = 'RedisError';
}

/** Values out of chunks, wherever those were cut. Requests are values too: arrays of texts. */
export class RespReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 1;

  /** @throws Error for what is not RESP2. */
  read(chunk: Buffer): Reply[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // Long values come in many chunks, which are put together once.
    return this.#length < this.#needed ? [] : this.#values(Buffer.concat(this.#chunks));
  }

  #values(bytes: Buffer): Reply[] {
    const values: Reply[] = [];
    let rest = bytes;
    let found = valueAt(rest, 0);
    while (typeof found === 'object') {
      values.push(found.value);
      rest = rest.subarray(found.end);
      found = valueAt(rest, 0);
    }
    this.#chunks = [rest];
    this.#length = rest.length;
    this.#needed = found;
    return values;
  }
}

interface Found {
  readonly value: Reply;
  readonly end: number;
}

/** How many bytes there must be at least. */
type Needed = number;

function valueAt(bytes: Buffer, from: number): Found | Needed {
  if (from >= bytes.length) return from + 1;
  const kind = String.fromCharCode(bytes[from]!);
  if (!'+-:$*'.includes(kind)) throw new Error(`not RESP2: ${JSON.stringify(kind)}`);
  const eol = bytes.indexOf('\r\n', from);
  if (eol === -1) return bytes.length + 1;
  const head = bytes.toString('latin1', from + 1, eol);
  const next = eol + 2;
  if (kind === '+') return { value: head, end: next };
  if (kind === '-') return { value: new RedisError(head), end: next };
  if (kind === ':') return { value: Number(head), end: next };
  if (head === '-1') return { value: null, end: next };
  return kind === '$' ? textAt(bytes, next, Number(head)) : listAt(bytes, next, Number(head));
}

function textAt(bytes: Buffer, from: number, length: number): Found | Needed {
  const end = from + length + 2;
  return end > bytes.length ? end : { value: bytes.toString('latin1', from, from + length), end };
}

function listAt(bytes: Buffer, from: number, length: number): Found | Needed {
  const value: Reply[] = [];
  let end = from;
  while (value.length < length) {
    const found = valueAt(bytes, end);
    if (typeof found === 'number') return found;
    value.push(found.value);
    end = found.end;
  }
  return { value, end };
}
