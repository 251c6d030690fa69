/** Says once for each subject, where nobody listens on stderr, what an operator has to mend. */
const warned = new WeakMap<object, Set<string>>();

export function warnOnce(about: object, code: string, message: string): void {
  const codes = warned.get(about) ?? new Set();
  warned.set(about, codes);
  if (codes.has(code)) return;
  codes.add(code);
  process.emitWarning(message, { type: 'LarderWarning', code });
}
