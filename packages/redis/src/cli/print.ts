import type { Finding, Report, Severity } from '@larder/core';
import { bytes, number } from '../doctor/words.ts';

const WORST_FIRST: readonly Severity[] = ['critical', 'warning', 'notice', 'ok'];
const COLUMNS = { severity: 10, check: 18 };
const INDENT = ' '.repeat(COLUMNS.severity + COLUMNS.check);

/** A report for people: the worst first, what to do under what is wrong, and how many of each at the end. */
export function print({ findings, sizing }: Report, width: number): string {
  const nodes = [...new Set(findings.map(({ node }) => node))];
  const sections = nodes.map((node) => section(findings, node, width));
  const total =
    nodes.length > 1 && sizing !== undefined
      ? [
          `All nodes: about ${number(sizing.entries)} entries of ${bytes(sizing.averageBytes)} need ${bytes(sizing.neededBytes)}.\n`,
        ]
      : [];
  return [...sections, ...total, `${tally(findings)}\n`].join('\n');
}

function section(findings: readonly Finding[], node: string | undefined, width: number): string {
  const lines = WORST_FIRST.flatMap((severity) =>
    findings.filter((finding) => finding.node === node && finding.severity === severity),
  ).flatMap((finding) => paragraph(finding, width));
  return [...(node === undefined ? [] : [`${node}\n`]), ...lines, ''].join('\n');
}

function paragraph({ severity, check, says, fix }: Finding, width: number): string[] {
  const head = severity.padEnd(COLUMNS.severity) + check.padEnd(COLUMNS.check);
  const [first = '', ...rest] = wrap(says, width);
  return [
    head + first,
    ...rest.map((line) => INDENT + line),
    ...(fix === undefined ? [] : wrap(`→ ${fix}`, width).map((line) => INDENT + line)),
  ];
}

function wrap(text: string, width: number): string[] {
  const room = Math.max(30, width - INDENT.length);
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const tally = (findings: readonly Finding[]): string =>
  WORST_FIRST.map((severity) => [
    severity,
    findings.filter((finding) => finding.severity === severity).length,
  ])
    .filter(([, found]) => found !== 0)
    .map(([severity, found]) => `${found} ${severity}`)
    .join(', ');
