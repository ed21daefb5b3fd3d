import { expect, it } from 'vitest';
import { openParts } from './parts.ts';

it('ends all that was opened, last first, though one of them fails to end', async () => {
  const ended: string[] = [];
  const parts = await openParts(async later => {
    later(() => ended.push('folder'));
    later(() => Promise.reject(new Error('the server is stuck')));
    later(async () => ended.push('client'));
    return { name: 'three' };
  });
  expect([parts.name, ended]).toEqual(['three', []]);
  await expect(parts.close()).rejects.toMatchObject({ errors: [{ message: 'the server is stuck' }] });
  expect(ended).toEqual(['client', 'folder']);
  await parts.close();
  expect(ended).toHaveLength(2);
});

it('ends what stands where a later part does not open, and says why it does not', async () => {
  const ended: string[] = [];
  const opening = openParts(async later => {
    later(() => ended.push('folder'));
    throw new Error('no server');
  });
  await expect(opening).rejects.toThrow('no server');
  expect(ended).toEqual(['folder']);
});
