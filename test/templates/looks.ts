import { expect } from 'vitest';
import type { Form, Screen } from '../../src/domain/screen.ts';
import { actionIds } from '../../templates/ids.ts';
import { limits } from '../../templates/limits.ts';
import { blockProblems, viewProblems } from '../fakes/slack/block-rules.ts';

const none: ReadonlySet<string> = new Set();

/** What Slack reads as a link, a mention or a ping. */
const tokens = /<[^>]*>/g;

/** The only ones that we write ourselves. */
const ours = /^<(?:!subteam\^S[A-Z0-9]+|@[UW][A-Z0-9]+|#[CDG][A-Z0-9]+)>$/;

/** Every text in blocks, plain or not. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function expectSafe(texts: readonly string[]): void {
  for (const text of texts) {
    for (const token of text.match(tokens) ?? []) expect(token).toMatch(ours);
    expect(text).not.toMatch(/undefined|\[object|NaN/);
    expect(text.isWellFormed()).toBe(true);
  }
}

/** Whatever a screen says: within Slack's limits, standing on its text alone, with no token that is not ours. */
export function expectScreen(screen: Screen, plain = true): void {
  expect(blockProblems(screen.blocks, { surface: 'message', refused: none })).toEqual([]);
  expect(screen.text.trim()).not.toBe('');
  expect(screen.text.length).toBeLessThanOrEqual(limits.text);
  const texts = [screen.text, ...screen.blocks.flatMap(block => textsOf(block))];
  if (plain) expectSafe(texts);
  else for (const text of texts) for (const token of text.match(tokens) ?? []) expect(token).toMatch(ours);
  for (const block of screen.blocks as { type: string; elements?: { action_id: string }[] }[]) {
    expect(['section', 'actions', 'context']).toContain(block.type);
    if (block.type === 'actions')
      for (const element of block.elements ?? []) expect(actionIds).toContain(element.action_id);
  }
}

/** Whatever a form shows: within Slack's limits, and with a screen that is said where it cannot be opened. */
export function expectForm(form: Form): void {
  const plain = (text: string) => ({ type: 'plain_text', text });
  const { id, title, submit, close, metadata, blocks } = form;
  const view = { type: 'modal', callback_id: id, title: plain(title), submit: plain(submit), close: plain(close) };
  expect(viewProblems({ ...view, private_metadata: metadata, blocks }, none)).toEqual([]);
  expectScreen(form.fallback, false);
}

/** The action ids of a screen's buttons. */
export function buttonsOf(screen: Screen): string[] {
  return (screen.blocks as { elements?: { action_id?: string }[] }[]).flatMap(block =>
    (block.elements ?? []).flatMap(element => (element.action_id ? [element.action_id] : [])),
  );
}
