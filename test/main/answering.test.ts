import { expect, it, vi } from 'vitest';
import { countAnswers } from '../../src/main/answering.ts';

const over = async (calm: Promise<void> | null): Promise<boolean> => {
  let done = calm === null;
  void calm?.then(() => (done = true));
  await new Promise(resolve => setImmediate(resolve));
  return done;
};

it('one person who waits holds nothing up: what follows is what they wait for', () => {
  const answering = countAnswers();
  expect(answering.calm()).toBeNull();
  const answered = answering.begin();
  expect(answering.calm()).toBeNull();
  answered();
});

it('while several wait, other work begins when all but one have their answer', async () => {
  const answering = countAnswers();
  const answers = [answering.begin(), answering.begin(), answering.begin()] as const;
  const calm = answering.calm();
  expect(await over(calm)).toBe(false);
  answers[0]();
  answers[0]();
  expect(await over(calm)).toBe(false);
  answers[1]();
  expect(await over(calm)).toBe(true);
  expect(answering.calm()).toBeNull();
});

it('answers that never end hold other work up for so long and no longer', async () => {
  vi.useFakeTimers();
  try {
    const answering = countAnswers(300);
    answering.begin();
    answering.begin();
    const calm = answering.calm();
    vi.advanceTimersByTime(299);
    let begun = false;
    void calm?.then(() => {
      begun = true;
    });
    await Promise.resolve();
    expect(begun).toBe(false);
    vi.advanceTimersByTime(1);
    await calm;
    expect(begun).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
