const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The three forms of RFC 9110 §5.6.7; caches match them whatever their case, and take no zone but GMT (RFC 9111 §4.2). */
const IMF_FIXDATE =
  /^(?:mon|tue|wed|thu|fri|sat|sun), (?<day>\d{2}) (?<month>[a-z]{3}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) gmt$/;
const RFC_850 =
  /^(?:mon|tues|wednes|thurs|fri|satur|sun)day, (?<day>\d{2})-(?<month>[a-z]{3})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) gmt$/;
const ASCTIME =
  /^(?:mon|tue|wed|thu|fri|sat|sun) (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/;
const LONGEST = 'Wednesday, 06-Nov-94 08:49:37 GMT'.length;

/**
 * HTTP-date (RFC 9110 §5.6.7), epoch milliseconds; undefined for anything that is not one. `now` decides the
 * century of a year of two digits: it is at most fifty years ahead.
 */
export function parseHttpDate(text: string | undefined, now: number = ABOUT_NOW): number | undefined {
  if (text === undefined || text.length > LONGEST) return undefined;
  const folded = text.toLowerCase();
  const parts = (IMF_FIXDATE.exec(folded) ?? RFC_850.exec(folded) ?? ASCTIME.exec(folded))?.groups;
  if (parts === undefined) return undefined;
  const month = MONTHS.indexOf(parts.month!);
  const day = Number(parts.day);
  const [hour, minute, second] = parts.time!.split(':').map(Number) as [number, number, number];
  if (month === -1 || hour > 23 || minute > 59 || second > 60) return undefined;
  const time = ((hour * 60 + minute) * 60 + second) * 1000;
  const inYear = (year: number): number => utcDay(year, month, day) + time;
  const year = parts.year!.length === 2 ? fullYear(Number(parts.year), inYear, now) : Number(parts.year);
  // A day that the month does not have would roll over into the next.
  return new Date(utcDay(year, month, day)).getUTCDate() === day ? inYear(year) : undefined;
}

/** Date.UTC takes the years 0 to 99 for the last century's. */
const utcDay = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month, day);

/** Near enough where only the century of an obsolete form hangs on it. */
const ABOUT_NOW = Date.UTC(2026, 0);

/** The latest that is not more than fifty years ahead, to the second. */
function fullYear(twoDigits: number, inYear: (year: number) => number, now: number): number {
  const present = new Date(now).getUTCFullYear();
  const limit = new Date(now).setUTCFullYear(present + 50);
  const nextCentury = present - (present % 100) + 100 + twoDigits;
  return [nextCentury, nextCentury - 100].find((year) => inYear(year) <= limit) ?? nextCentury - 200;
}

export const formatHttpDate = (atMs: number): string => new Date(atMs).toUTCString();
