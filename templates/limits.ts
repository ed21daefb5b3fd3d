/** Slack's limits for what we send, in UTF-16 units or items (Block Kit reference; `text` as far as `chat.update` takes it). */
export const limits = {
  text: 4_000,
  blocks: 50,
  section: 3_000,
  buttonText: 75,
  options: 100,
  optionText: 75,
  optionValue: 150,
  inputLabel: 2_000,
  inputHint: 2_000,
  placeholder: 150,
  /** Ours: a reason that people read. */
  reason: 1_000,
} as const;

/** How much of a foreign text a screen quotes before it says that there is more; `said`: of what a reason's program or server said. */
export const quoted = {
  name: 80,
  fact: 160,
  reason: 400,
  detail: 240,
  said: 800,
  diffLine: 160,
  diffLines: 6,
  list: 8,
} as const;
