#!/usr/bin/env node
// Starts Backout: from a checkout the TypeScript itself, from an installed package what `npm run build` made.
import { existsSync } from 'node:fs';
import { sep } from 'node:path';

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
  await import(program.href);
}
