/** HTTP-date (RFC 9110 §5.6.7), epoch milliseconds; undefined for anything that is not one. */
export function parseHttpDate(text: string | undefined): number | undefined {
  if (text === undefined || !SHAPES.some((shape) => shape.test(text))) return undefined;
  const at = Date.parse(/GMT$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}

const SHAPES = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

export const formatHttpDate = (atMs: number): string => new Date(atMs).toUTCString();
