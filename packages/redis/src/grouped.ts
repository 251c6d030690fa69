/** Items by what they have in common, both in their order. */
export function grouped<T>(items: readonly T[], by: (item: T) => string): [group: string, items: T[]][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group === undefined) groups.set(by(item), [item]);
    else group.push(item);
  }
  return [...groups];
}
