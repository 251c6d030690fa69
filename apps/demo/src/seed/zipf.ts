import type { Random } from './random.ts';

/** Draws indexes 0…size-1 so that the k-th is 1/k^exponent as likely as the first: few sell much, many sell little. */
export function zipf(size: number, exponent: number, random: Random): () => number {
  const cumulative = new Float64Array(size);
  let sum = 0;
  for (let rank = 0; rank < size; rank++) {
    sum += 1 / (rank + 1) ** exponent;
    cumulative[rank] = sum;
  }
  return () => firstAtLeast(cumulative, random.next() * sum);
}

function firstAtLeast(ascending: Float64Array, target: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
