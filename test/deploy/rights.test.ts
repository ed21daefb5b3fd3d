import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderRights } from '../../deploy/render.ts';

const root = join(import.meta.dirname, '../..');

it.each(Object.entries(renderRights()))(
  '%s says what the table of rights says (else: node deploy/render.ts)',
  (file, text) => {
    expect(readFileSync(join(root, file), 'utf8')).toBe(text);
  },
);
