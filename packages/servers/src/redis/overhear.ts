import { once } from 'node:events';
import { connect } from 'node:net';

/** What a Redis is told, by whoever it is. */
export interface Overheard {
  /** A command each, in their order, as they were sent; it grows. */
  readonly commands: readonly (readonly string[])[];
  stop(): void;
}

/**
 * Hears every command that a Redis is sent from now on (MONITOR). On a socket of its own: a client of ioredis takes what
 * comes in one piece with the answer for another answer.
 */
export async function overhear(url: string): Promise<Overheard> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const commands: string[][] = [];
  let rest = '';
  let begin!: () => void;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (line === '+OK') begin();
      else commands.push(wordsOf(line));
    }
  });
  await once(socket, 'connect');
  // The server may be killed under it.
  socket.on('error', () => {});
  socket.write('MONITOR\r\n');
  await begun;
  return { commands, stop: () => void socket.destroy() };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** A line is `+time [db address] "word" "word"`. */
function wordsOf(line: string): string[] {
  const words = line.slice(line.indexOf('] ') + 2).matchAll(/"((?:[^"\\]|\\.)*)"/g);
  return [...words].map(([, word]) =>
    word!.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex, letter) =>
      hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
    ),
  );
}
