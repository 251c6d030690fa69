import { percent } from './table.ts';
import type { Totals } from './tally.ts';

/** One line a second about how it goes; on a terminal the same line over again. Returns the call that ends it. */
export function showProgress(totals: Totals, seconds: number, out: NodeJS.WriteStream): () => void {
  const began = performance.now();
  let last = { ...totals };
  const tick = setInterval(() => {
    const elapsed = Math.round((performance.now() - began) / 1000);
    const line =
      `${String(elapsed).padStart(3)}/${seconds} s  ${totals.requests - last.requests} requests/s  ` +
      `hits ${totals.hits} (${percent(totals.hits - last.hits, totals.cacheable - last.cacheable)} now, ` +
      `${percent(totals.hits, totals.cacheable)} so far)  errors ${totals.errors}`;
    last = { ...totals };
    out.write(out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }, 1_000);
  return () => {
    clearInterval(tick);
    out.write(out.isTTY ? '\r\x1b[K' : '\n');
  };
}
