import { type FieldLine, mergeLists } from '@larder/core';
import type { Response } from 'express';

/** Node has it on every outgoing message; its types have it on requests only. */
interface RawNames {
  getRawHeaderNames(): string[];
}

/** The field lines a response would send now, names as they were written. */
export function linesOf(res: Response): FieldLine[] {
  const names = (res as unknown as RawNames).getRawHeaderNames();
  return names.map((name) => [name, textOf(res.getHeader(name)!)]);
}

const textOf = (value: number | string | string[]): string | readonly string[] =>
  typeof value === 'number' ? String(value) : value;

/** What Content-Length says; undefined where it is not there. */
export function declaredLength(res: Response): number | undefined {
  const length = res.getHeader('Content-Length');
  return length === undefined ? undefined : Number(length);
}

/** Adds names to Vary, each once. */
export function varyBy(res: Response, names: string): void {
  const merged = mergeLists(String(res.getHeader('Vary') ?? ''), names);
  if (merged !== '') res.setHeader('Vary', merged);
}

/** Removes everything that was set since `before` and restores what was changed. */
export function restoreLines(res: Response, before: readonly FieldLine[]): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  for (const [name, value] of before) res.setHeader(name, value);
}

/** Names of lines that were there before and are no more. */
export function removedNames(before: readonly FieldLine[], res: Response): string[] {
  return before.map(([name]) => name).filter((name) => !res.hasHeader(name));
}

/** Lower-case names of lines that are still as they were. */
export function unchangedNames(before: readonly FieldLine[], now: readonly FieldLine[]): ReadonlySet<string> {
  const values = new Map(before.map(([name, value]) => [name.toLowerCase(), String(value)]));
  return new Set(
    now
      .filter(([name, value]) => values.get(name.toLowerCase()) === String(value))
      .map(([name]) => name.toLowerCase()),
  );
}

/** Lines that are not as they were before. */
export function changedLines(before: readonly FieldLine[], now: readonly FieldLine[]): FieldLine[] {
  const unchanged = unchangedNames(before, now);
  return now.filter(([name]) => !unchanged.has(name.toLowerCase()));
}

type HeadFields = Record<string, number | string | string[] | undefined> | readonly unknown[];

/** Does to a response what `writeHead(status, reason?, fields?)` says, and sends nothing yet. */
export function applyHead(res: Response, status: number, args: readonly unknown[]): void {
  const [reason, fields] = typeof args[0] === 'string' ? [args[0], args[1]] : [undefined, args[0] ?? args[1]];
  res.statusCode = status;
  if (reason !== undefined) res.statusMessage = reason;
  for (const [name, value] of grouped(fields as HeadFields | undefined)) res.setHeader(name, value);
}

/** Node takes an object, a flat list of names and values, or a list of pairs; a name may come again in lists. */
function grouped(fields: HeadFields | undefined): Map<string, number | string | string[]> {
  const pairs = Array.isArray(fields) ? pairsOf(fields) : Object.entries(fields ?? {});
  const lines = new Map<string, number | string | string[]>();
  for (const [name, value] of pairs as [string, number | string | string[] | undefined][]) {
    if (value === undefined) continue;
    const before = lines.get(name);
    lines.set(name, before === undefined ? value : [before, value].flat().map(String));
  }
  return lines;
}

function pairsOf(list: readonly unknown[]): unknown[] {
  if (Array.isArray(list[0])) return [...list];
  return list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]]] : []));
}
