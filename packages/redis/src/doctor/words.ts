/** Figures as people read them. */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const number = (value: number): string => numbers.format(value);

export function bytes(value: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${number(value / 1024 ** step)} ${UNITS[step]}`;
}

export const percent = (share: number): string => `${number(share * 100)} %`;

export const ms = (value: number): string =>
  value < 1000 ? `${number(value)} ms` : `${number(value / 1000)} s`;

export const count = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`;

export function age(seconds: number): string {
  if (seconds < 3600) return count(Math.floor(seconds / 60), 'minute');
  return seconds < 86_400
    ? count(Math.floor(seconds / 3600), 'hour')
    : count(Math.floor(seconds / 86_400), 'day');
}
