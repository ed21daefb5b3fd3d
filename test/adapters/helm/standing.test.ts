import { expect, it } from 'vitest';
import { rollbackArgv } from '../../../src/adapters/helm/binary.ts';
import { type Rollback, readBody } from '../../../src/adapters/helm/body.ts';
import { createRollback } from '../../../src/adapters/helm/executor.ts';
import type { HelmDeps } from '../../../src/adapters/helm/input.ts';
import { standingOf } from '../../../src/adapters/helm/standing.ts';
import { note } from '../../../src/domain/note.ts';
import { Refusal } from '../../../src/domain/reason.ts';
import { revisionFrom } from './books.ts';

const good = { manifest: 'good' };
const bad = { manifest: 'bad' };
const other = { manifest: 'other' };
const target = revisionFrom({ version: 4, ...good });
const live = revisionFrom({ version: 5, ...bad });

const forth: Rollback = {
  ...{ release: 'shop', namespace: 'shop', context: null, kubeconfig: null, binary: 'helm', major: 3 },
  ...{ timeoutSeconds: 300, hooks: true, waitForJobs: false, cleanupOnFail: true, force: false, forceConflicts: false },
  base: { number: 5, uid: 'uid-5', status: 'deployed', content: live.content },
  to: { number: 4, uid: 'uid-4', content: target.content, version: '1.0.0' },
  over: null,
  expected: 6,
  unseenHooks: false,
};
const back: Rollback = {
  ...forth,
  to: { number: 5, uid: 'uid-5', content: live.content, version: '1.1.0' },
  over: target.content,
  expected: 7,
};

type Row = readonly [string, readonly [object, string][], string, string];

it.each<Row>([
  ['nothing was begun', [], 'untouched', 'done'],
  ['ours is pending', [[good, 'pending-rollback']], 'cut', 'untouched'],
  ['ours failed', [[good, 'failed']], 'failed', 'untouched'],
  ['ours is deployed', [[good, 'deployed']], 'done', 'untouched'],
  [
    'ours was cut off and is done again',
    [
      [good, 'failed'],
      [good, 'deployed'],
    ],
    'done',
    'untouched',
  ],
  [
    'ours was cut off twice',
    [
      [good, 'failed'],
      [good, 'pending-rollback'],
    ],
    'cut',
    'untouched',
  ],
  [
    'it was put back',
    [
      [good, 'superseded'],
      [bad, 'deployed'],
    ],
    'moved',
    'done',
  ],
  [
    'putting back was cut off',
    [
      [good, 'superseded'],
      [bad, 'pending-rollback'],
    ],
    'moved',
    'cut',
  ],
  ['somebody upgraded', [[other, 'deployed']], 'moved', 'moved'],
  [
    'somebody upgraded after us',
    [
      [good, 'superseded'],
      [other, 'deployed'],
    ],
    'moved',
    'moved',
  ],
  ['somebody upgrades at this moment', [[other, 'pending-upgrade']], 'moved', 'moved'],
  [
    'somebody deployed the same again',
    [
      [bad, 'deployed'],
      [good, 'deployed'],
    ],
    'moved',
    'moved',
  ],
])('where %s', (_, above, forwards, backwards) => {
  const made = above.map(([content, status], at) => revisionFrom({ version: 6 + at, ...content, status }));
  const base = above.length > 0 ? { ...live, status: 'superseded' } : live;
  const found = { revisions: [...made.toReversed(), base, target], unread: [] };
  expect([standingOf(forth, found).kind, standingOf(back, found).kind]).toEqual([forwards, backwards]);
});

it('a release that is gone, was installed anew, or holds what nobody can read', () => {
  expect(standingOf(forth, { revisions: [], unread: [] }).kind).toBe('gone');
  expect(standingOf(forth, { revisions: [target], unread: [] }).kind).toBe('moved');
  expect(standingOf(forth, { revisions: [target], unread: [6] }).kind).toBe('unreadable');
  expect(standingOf(forth, { revisions: [live, target], unread: [6] }).kind).toBe('unreadable');
  const anew = { ...live, secret: { ...live.secret, uid: 'uid-new' } };
  expect(standingOf(forth, { revisions: [anew], unread: [] }).kind).toBe('moved');
});

it('goes to a named revision, prunes nothing, and knows the flags of both Helms', () => {
  const every = { ...forth, context: 'production', force: true, forceConflicts: true, hooks: false, waitForJobs: true };
  expect(rollbackArgv(forth, 'x').join(' ')).toBe(
    'helm rollback shop 4 --namespace shop --wait --timeout 300s --history-max 0 --cleanup-on-fail',
  );
  expect(rollbackArgv(every, 'x').join(' ')).toBe(
    'helm rollback shop 4 --namespace shop --kube-context production --wait --timeout 300s --history-max 0 --wait-for-jobs --cleanup-on-fail --no-hooks --force',
  );
  const four = { ...every, major: 4 } as const;
  expect(rollbackArgv({ ...four, forceConflicts: false }, 'by run').slice(-6)).toEqual([
    '--cleanup-on-fail',
    '--no-hooks',
    '--force-replace',
    '--server-side=false',
    '--description',
    'by run',
  ]);
  expect(rollbackArgv({ ...four, force: false }, 'by run').slice(-4)).toEqual([
    '--no-hooks',
    '--force-conflicts',
    '--description',
    'by run',
  ]);
});

it('what helm wrote of a failure is kept without the values that were refused, and not at any length', () => {
  const said =
    'Rollback "shop" failed: cannot patch: env[0].value: Invalid value: "postgres://shop:hunter2@db/shop"; token: hunter3';
  const { description } = revisionFrom({ description: `${said} ${'x'.repeat(5_000)}` });
  expect(description).toContain('Invalid value: "postgres://(hidden)@db/shop"');
  expect(description).not.toMatch(/hunter/);
  expect(description.length).toBe(1_000);
});

const hostile = ['--flag', 'a;b', '$(x)', '../x', 'a\nb', ''];

it.each([
  ['release', hostile],
  ['namespace', hostile],
  // Names of contexts are anybody's choice; what matters is that none reads as a flag.
  ['context', ['--flag', 'a\nb', 'a b', '']],
  ['kubeconfig', hostile],
  ['binary', hostile],
])('a body with a hostile %s is refused', (field, texts) => {
  for (const text of texts) {
    expect(() => readBody({ ...forth, [field]: text }), text).toThrow(Refusal);
  }
  expect(readBody(forth)).toEqual(forth);
});

it('is repeated by hand in the cluster of the target, with the kubeconfig that its environment names', () => {
  const { byHand } = createRollback({} as HelmDeps);
  const operation = (body: Rollback) => ({
    ...{ object: 'x', body: { ...body }, idempotent: true },
    preview: { summary: note('helm-rolls-back'), diff: '' },
  });
  expect(byHand?.(operation({ ...forth, kubeconfig: '/etc/back out/prod.yaml', context: 'prod' }))).toEqual([
    "helm history shop --namespace shop --kube-context prod --kubeconfig '/etc/back out/prod.yaml'",
    "helm rollback shop 4 --namespace shop --kube-context prod --wait --timeout 300s --history-max 0 --cleanup-on-fail --kubeconfig '/etc/back out/prod.yaml'",
  ]);
});
