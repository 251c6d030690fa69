#!/usr/bin/env node
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), process.env, {
  columns: Math.min(process.stdout.columns ?? 100, 120),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
