/** Text that stands for itself in a pattern of Redis. */
export const escaped = (text: string): string => text.replaceAll(/[\\*?[\]]/g, '\\$&');
