#!/usr/bin/env node
// Starts Backout: from a checkout the TypeScript itself, from an installed package what `npm run build` made.
import { existsSync } from 'node:fs';
import module from 'node:module';
import { join, sep } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const needed = 24;
const found = Number(process.versions.node.split('.')[0]);
const installed = import.meta.dirname?.split(sep).includes('node_modules');
const source = new URL('../src/main.ts', import.meta.url);
const built = new URL('../dist/src/main.js', import.meta.url);
const program = existsSync(source) && !installed ? source : built;

if (found < needed) {
  console.error(`backout needs Node ${needed} or newer, and this is ${process.version}. See https://nodejs.org/`);
  process.exitCode = 1;
} else if (!existsSync(program)) {
  console.error('backout is not built: run `npm run build` first.');
  process.exitCode = 1;
} else {
  // Compiled modules are kept for the next start, where the folder can be written to: a quarter of the time to be ready.
  module.enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'backout'));
  // Loading would leave the young generation at 48 MB for good; an idle process is 45 MB smaller without.
  setFlagsFromString('--semi-space-growth-factor=1');
  // Collected when a third has been added to what lives, not when it has doubled: 50 MB less with a thousand targets.
  setFlagsFromString('--heap-growing-percent=33');
  await import(program.href);
}
