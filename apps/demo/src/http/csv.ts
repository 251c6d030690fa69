/** RFC 4180: CRLF behind every record, quotes where a comma, a quote or a line break would tear a field apart. */
export const csv = (records: readonly (readonly (string | number)[])[]): string =>
  records.map((record) => `${record.map(field).join(',')}\r\n`).join('');

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
