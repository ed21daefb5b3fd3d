import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Locate, Path, Problem } from './problem.ts';

const sizeLimit = 1_048_576;
const aliasLimit = 200;
const depthLimit = 200;

/** A YAML text as plain data, and the way back from a path to its place in the text. */
export type ReadDocument =
  | { readonly ok: true; readonly value: unknown; readonly locate: Locate }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads YAML 1.2; refuses duplicate keys, unknown tags, several documents, over-long text and alias bombs. Never throws. */
export function readDocument(text: string, file: string): ReadDocument {
  const alone = (message: string): ReadDocument => ({
    ok: false,
    problems: [{ severity: 'error', file, line: 1, column: 1, path: '', message }],
  });
  if (text.length > sizeLimit) return alone(`the file is longer than ${sizeLimit / 1024} KiB`);
  const deep = depth(text);
  if (deep > depthLimit) return alone(`the file is nested deeper than ${depthLimit} levels`);
  try {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, merge: true, stringKeys: true, prettyErrors: false });
    const faults = [...document.errors, ...document.warnings].filter(isCause);
    if (faults.length > 0) {
      return { ok: false, problems: faults.map(fault => place(fault.pos[0], sayFault(fault), file, lines)) };
    }
    const value: unknown = document.toJS({ maxAliasCount: aliasLimit });
    return { ok: true, value, locate: (path, at) => locate(document, lines, path, at) };
  } catch (failure) {
    return alone(`the file cannot be read: ${failure instanceof Error ? failure.message : 'unknown fault'}`);
  }
}

/** How deep brackets and indentation go: a bound, read before the parser recurses. */
function depth(text: string): number {
  let brackets = 0;
  let most = 0;
  for (const mark of text.matchAll(/[[{]|[\]}]|^(?:- *)+/gm)) {
    if (mark[0] === '[' || mark[0] === '{') brackets += 1;
    else if (mark[0] === ']' || mark[0] === '}') brackets = Math.max(0, brackets - 1);
    else most = Math.max(most, mark[0].replaceAll(' ', '').length);
    most = Math.max(most, brackets);
  }
  return most;
}

/** One slip makes a parser stumble over every token after it: only the first stumble is told. */
function isCause(fault: YAMLError, _index: number, all: readonly YAMLError[]): boolean {
  return fault.code !== 'UNEXPECTED_TOKEN' || all.find(({ code }) => code === 'UNEXPECTED_TOKEN') === fault;
}

function sayFault(fault: { readonly code: string; readonly message: string }): string {
  if (fault.code === 'DUPLICATE_KEY') return 'this key stands twice in the same map';
  if (fault.code === 'MULTIPLE_DOCS') return 'a second document begins here; a catalogue is one document';
  if (fault.code === 'UNEXPECTED_TOKEN')
    return 'this does not fit here: look at the indentation and at the line before';
  return fault.message.charAt(0).toLowerCase() + fault.message.slice(1);
}

function place(offset: number, message: string, file: string, lines: LineCounter): Problem {
  const { line, col } = lines.linePos(offset);
  return { severity: 'error', file, line: Math.max(1, line), column: Math.max(1, col), path: '', message };
}

function locate(document: Document.Parsed, lines: LineCounter, path: Path, at: 'key' | 'value') {
  let node: unknown = document.contents;
  let offset = start(node) ?? 0;
  let found = true;
  for (const [index, part] of path.entries()) {
    const step = enter(document, node, part);
    if (!step) {
      found = false;
      break;
    }
    const last = index === path.length - 1;
    offset = (last && at === 'value' ? (start(step.value) ?? step.key) : step.key) ?? offset;
    node = step.value;
  }
  if (!found && path.length === 0) offset = 0;
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** One step down: the node below, and where its key (or the item itself) begins. */
function enter(
  document: Document.Parsed,
  at: unknown,
  part: string | number,
): { key: number | null; value: unknown } | null {
  const node = isAlias(at) ? at.resolve(document) : at;
  if (isSeq(node)) {
    const value = node.items[Number(part)];
    return value === undefined ? null : { key: start(value), value };
  }
  if (!isMap(node)) return null;
  const merged: unknown[] = [];
  for (const pair of node.items as Pair<unknown, unknown>[]) {
    const key = isScalar(pair.key) ? pair.key.value : null;
    if (String(key) === String(part)) return { key: start(pair.key), value: pair.value };
    if (isScalar(pair.key) && pair.key.source === '<<')
      merged.push(...(isSeq(pair.value) ? pair.value.items : [pair.value]));
  }
  for (const from of merged) {
    const step = enter(document, from, part);
    if (step) return step;
  }
  return null;
}

function start(node: unknown): number | null {
  return (node as Node | null | undefined)?.range?.[0] ?? null;
}
