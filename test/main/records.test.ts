import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fileRecords } from '../../src/main/records.ts';
import { recordData } from '../../src/record/record-data.ts';
import { at, storyOf } from '../templates/story.ts';

it('the record of a run is kept by two workers of one host at the same time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'backout-records-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const data = recordData(storyOf('succeeded'), at('03:02'));
  const workers = Array.from({ length: 20 }, () => fileRecords(folder).keep(data, null));
  const [file] = await Promise.all(workers);
  expect(readdirSync(join(folder, 'records')).map(name => join(folder, 'records', name))).toEqual([file]);
});
