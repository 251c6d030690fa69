import type { Reporter, TestCase, TestModule } from 'vitest/node';

interface Row {
  readonly name: string;
  readonly about: string;
  tests: number;
  failed: number;
  ms: number;
}

/** A line for each kind of fault, by the name at the beginning of its tests: what it was, and whether it was borne. */
export default class FaultTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const rows = new Map<string, Row>();
    for (const module of modules) {
      for (const test of module.children.allTests()) count(test, rows);
    }
    if (rows.size === 0) return;
    console.log('\nfault  tests  result     seconds  what');
    for (const row of [...rows.values()].sort((a, b) => numberOf(a) - numberOf(b))) {
      const result = row.failed === 0 ? 'borne' : `${row.failed} failed`;
      const seconds = (row.ms / 1000).toFixed(1);
      console.log(
        `${row.name.padEnd(5)}${String(row.tests).padStart(7)}  ${result.padEnd(9)}${seconds.padStart(9)}  ${row.about}`,
      );
    }
  }
}

function count(test: TestCase, rows: Map<string, Row>): void {
  const named = /\b(F\d+)[:,]? ?(.*)/.exec(test.fullName.replaceAll(' > ', ': '));
  const { state } = test.result();
  if (named === null || state === 'skipped') return;
  const [, name, about] = named;
  const row = rows.get(name!) ?? { name: name!, about: about!.split(': ')[0]!, tests: 0, failed: 0, ms: 0 };
  rows.set(name!, row);
  row.tests += 1;
  row.ms += test.diagnostic()?.duration ?? 0;
  if (state !== 'passed') row.failed += 1;
}

const numberOf = ({ name }: Row): number => Number(name.slice(1));
