import { describe, expect, it } from 'vitest';
import { readCatalogue } from '../../src/config/catalogue.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { changed, good, tables } from './catalogue-text.ts';

function problemsOf(text: string): readonly string[] {
  const read = readCatalogue(tables, text, 'backout.yaml');
  return (read.ok ? read.warnings : read.problems).map(formatProblem);
}

describe('a good catalogue', () => {
  const read = readCatalogue(tables, good, 'backout.yaml');
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  const { catalogue } = read;
  const production = catalogue.services['checkout-api']?.environments.production;
  const staging = catalogue.services['checkout-api']?.environments.staging;

  it('is read without a problem', () => expect(read.warnings).toEqual([]));

  it('gives each target what its service says', () => {
    expect(production).toMatchObject({
      target: 'checkout-api/production',
      mode: 'act',
      channel: 'C0CHECKOUT',
      soakMs: 1_800_000,
      lookBackMs: 7_200_000,
      releaseSource: { kind: 'kubernetes.deployment', input: { namespace: 'shop', deployment: 'checkout-api' } },
    });
    expect(staging).toMatchObject({ mode: 'observe', channel: 'C0CHECKOUT' });
  });

  it('lays the target under the input of every step and check of its vendor', () => {
    expect(production?.runbooks[0]?.steps).toEqual([
      {
        kind: 'kubernetes.set-env',
        title: 'Switch the new cache off',
        timeoutMs: 120_000,
        input: { namespace: 'shop', deployment: 'checkout-api', set: { NEW_CACHE: 'false' } },
      },
    ]);
    expect(staging?.runbooks[1]?.steps[0]?.input).toEqual({ namespace: 'staging', deployment: 'checkout-api' });
    expect(staging?.runbooks[1]?.checks[0]?.input).toEqual({ namespace: 'staging', deployment: 'checkout-api' });
  });

  it('makes a check of each item of a checklist', () => {
    const checks = production?.runbooks[1]?.checks.map(({ id, kind, title }) => [id, kind, title]);
    expect(checks).toEqual([
      ['kubernetes-rollout', 'kubernetes.rollout', 'kubernetes-rollout'],
      ['level-3:image', 'manual', 'The right image version runs'],
      ['level-3:deployment', 'manual', 'The deployment is in order'],
      ['level-3:pods', 'manual', 'All instances are running'],
      ['level-3:network', 'manual', 'The service reaches what it needs over the network'],
      ['level-3:endpoints', 'http', 'API endpoints answer'],
    ]);
  });

  it('writes checklists in the language of the target', () => {
    const chinese = readCatalogue(tables, good.replace('locale: en', 'locale: zh-CN'), 'b');
    const titles =
      chinese.ok && chinese.catalogue.services['checkout-api']?.environments.production?.runbooks[1]?.checks;
    expect(titles ? titles[1]?.title : null).toBe('镜像版本正确');
  });

  it('fills in permissions, rules and RTO', () => {
    expect(catalogue.permissions).toMatchObject({ request: ['everyone'], freeze: ['sre'], reload: ['sre'] });
    expect(catalogue.rules[0]).toMatchObject({ requesterExcluded: true, withinMs: 600_000, remindBeforeMs: 300_000 });
    expect(production?.runbooks.map(runbook => runbook.rtoMs)).toEqual([300_000, 1_200_000]);
    expect(catalogue.roles.oncall).toEqual({ name: 'oncall', people: [], slackGroups: ['S0ONCALL'] });
  });

  it('has a hash of what it says, not of how it is written', () => {
    const other = readCatalogue(tables, `# a comment\n${good.replace('locale: en\n', '')}`, 'b');
    expect(other.ok && other.catalogue.hash).toBe(catalogue.hash);
    const moved = readCatalogue(tables, changed('soak: 30m', 'soak: 31m'), 'b');
    expect(moved.ok && moved.catalogue.hash).not.toBe(catalogue.hash);
  });
});

const rows: readonly [what: string, text: string, problems: readonly string[]][] = [
  ['an empty file', '', ['backout.yaml:1:1: the file should be a map with `services`, `people`, `roles` and so on']],
  [
    'an unknown step',
    changed('- kubernetes.set-env:', '- kubernetes.setenv:'),
    ['backout.yaml:40:13: unknown step `kubernetes.setenv`, did you mean `kubernetes.set-env`?'],
  ],
  [
    'two steps that change the pod template of one workload',
    changed(
      '- kubernetes.rollout-undo: {}',
      '- kubernetes.rollout-undo: {}\n          - kubernetes.set-env: { set: { A: b } }',
    ),
    ['shop', 'staging'].map(
      namespace =>
        `backout.yaml:48:13: steps 1 and 2 both change the pod template of deployment ${namespace}/checkout-api: put both into one step, or each into a runbook of its own`,
    ),
  ],
  [
    'a workload that nothing can be claimed of, where the kind itself takes the name',
    changed('- kubernetes.rollout-undo: {}', '- kubernetes.rollout-undo: { deployment: c&a }'),
    [],
  ],
  [
    'two steps on two workloads',
    changed(
      '- kubernetes.rollout-undo: {}',
      '- kubernetes.rollout-undo: {}\n          - kubernetes.set-env: { deployment: worker, set: { A: b } }',
    ),
    [],
  ],
  [
    'an unknown check',
    changed('- http: { url', '- htp: { url'),
    ['backout.yaml:31:9: unknown check `htp`, did you mean `http`?'],
  ],
  [
    'an unknown release source',
    changed('source: kubernetes.deployment', 'source: kubernetes.deploymnt'),
    ['backout.yaml:29:17: unknown release source `kubernetes.deploymnt`, did you mean `kubernetes.deployment`?'],
  ],
  [
    'an unknown key at the top',
    changed('people:', 'hook: {}\npeople:'),
    ['backout.yaml:3:1: unknown key `hook`, did you mean `hooks`?'],
  ],
  [
    'an unknown key of a runbook, twice wrong',
    changed('        rto: 20m', '        rt: 20m\n        levle: 3'),
    [
      'backout.yaml:45:9: unknown key `rt`, did you mean `rto`?',
      'backout.yaml:46:9: unknown key `levle`, did you mean `level`?',
    ],
  ],
  [
    'an unknown key of a step',
    changed('            title: Switch', '            titel: Switch'),
    ['backout.yaml:41:13: unknown key `titel`, did you mean `title`?'],
  ],
  [
    'two kinds in one step',
    changed('            title: Switch the new cache off', '            pm2.reload: { app: x }'),
    ['backout.yaml:41:13: one step has one kind, and `kubernetes.set-env` stands here already'],
  ],
  [
    'an unknown key of an input',
    changed("{ set: { NEW_CACHE: 'false' } }", "{ sets: { NEW_CACHE: 'false' } }"),
    ['backout.yaml:40:35: unknown key `sets`, did you mean `set`?', 'backout.yaml:40:13: `set` is missing'],
  ],
  [
    'a wrong value that the target lays under',
    changed('namespace: shop', 'namespace: 7'),
    ['backout.yaml:28:32: `namespace` should be a text'],
  ],
  [
    'an unknown setting of a target',
    changed('namespace: shop,', 'namespace: shop, contaner: app,'),
    ['backout.yaml:28:38: nothing of `kubernetes` reads `contaner`, did you mean `container`?'],
  ],
  [
    'an unknown vendor',
    changed('services:', 'defaults: { target: { kubernets: {} } }\nservices:'),
    ['backout.yaml:22:23: unknown vendor `kubernets`, did you mean `kubernetes`?'],
  ],
  [
    'a wrong mode',
    changed('mode: act', 'mode: acts'),
    ['backout.yaml:33:27: `mode` cannot be `acts`, did you mean `act`?'],
  ],
  [
    'a duration without its unit',
    changed('within: 10m', 'within: 10'),
    ['backout.yaml:16:13: `within` should be a duration such as `90s`, `10m`, `1h30m` or `2d`'],
  ],
  [
    'a timeout that is none',
    changed('timeout: 2m', 'timeout: soon'),
    ['backout.yaml:42:22: `timeout` should be a duration such as `90s` or `10m`, at most a day'],
  ],
  [
    'a level that is none',
    changed('level: 1', 'level: 5'),
    ['backout.yaml:38:16: `level` should be a level: 1 (flag), 2 (config), 3 (code) or 4 (data)'],
  ],
  ['a missing level', changed('        level: 1\n', ''), ['backout.yaml:37:7: `level` is missing']],
  [
    'an unknown person',
    changed('sre: [mara, jon]', 'sre: [mara, jom]'),
    [
      'backout.yaml:7:15: unknown person `jom`, did you mean `jon`?',
      'backout.yaml:15:12: warning: rule `production` cannot be fulfilled when mara asks, who may not approve then',
    ],
  ],
  [
    'an unknown role in a seat and in a permission',
    changed('default: [sre]', 'default: [sra]').replace('seats: { sre: 1 }', 'seats: { srw: 1 }'),
    [
      'backout.yaml:10:13: unknown role `sra`, did you mean `sre`?',
      'backout.yaml:15:19: unknown role `srw`, did you mean `sre`?',
    ],
  ],
  ['an empty role', changed('oncall: [S0ONCALL]', 'oncall: []'), ['backout.yaml:8:11: role `oncall` is empty']],
  [
    'a permission nobody has',
    changed('  default: [sre]\n', '  cancel: [sre]\n'),
    ['resolve', 'undo', 'grade', 'hold', 'freeze', 'reload'].map(
      one => `backout.yaml:9:1: nobody may \`${one}\`: name its roles, or set \`default\``,
    ),
  ],
  [
    'an unknown permission',
    changed('request: [everyone]', 'requst: [everyone]'),
    ['backout.yaml:11:3: unknown key `requst`, did you mean `request`?'],
  ],
  [
    'an unknown environment in a rule',
    changed('environments: [production]', 'environments: [prodution]'),
    ['backout.yaml:14:20: unknown environment `prodution`, did you mean `production`?'],
  ],
  [
    'an unknown channel',
    changed('channel: checkout', 'channel: chekout'),
    ['backout.yaml:26:14: unknown channel `chekout`, did you mean `checkout`?'],
  ],
  [
    'an unknown scenario',
    changed('        rto: 20m', '        scenarios: [securty]'),
    ['backout.yaml:45:21: unknown scenario `securty`, did you mean `security`?'],
  ],
  [
    'a quorum that its roles cannot fill',
    changed('seats: { sre: 1 }', 'seats: { sre: 3 }'),
    ['backout.yaml:15:12: rule `production` can never be fulfilled: it asks for more people than its roles have'],
  ],
  [
    'a quorum that fails for some requesters',
    changed('seats: { sre: 1 }', 'seats: { sre: 2 }'),
    [
      'backout.yaml:15:12: warning: rule `production` cannot be fulfilled when mara or jon asks, who may not approve then',
    ],
  ],
  [
    'a target without an approval rule',
    changed('  - name: elsewhere\n    seats: {}\n', ''),
    [
      'backout.yaml:32:7: no approval rule covers checkout-api in staging at level 1',
      'backout.yaml:32:7: no approval rule covers checkout-api in staging at level 3',
    ],
  ],
  [
    'a step on a host without runsOn',
    changed('          - kubernetes.rollout-undo: {}', '          - pm2.reload: { app: api }'),
    [
      'backout.yaml:34:7: `runsOn` is missing: `pm2.reload` acts on the host of one worker',
      'backout.yaml:33:7: `runsOn` is missing: `pm2.reload` acts on the host of one worker',
    ],
  ],
  [
    'an alias that two services have',
    changed('aliases: [checkout, 结算]', 'aliases: [checkout-api, status]'),
    [
      'backout.yaml:24:15: `checkout-api` already means `checkout-api`',
      'backout.yaml:24:29: `status` is a word of the commands',
    ],
  ],
  [
    'a Slack user of two people',
    changed('slack: [U0JON, W0JON]', 'slack: [U0JON, U0MARA]').replace('os: jon', 'os: mara'),
    [
      'backout.yaml:5:17: Slack user `U0MARA` belongs to `mara` already',
      'backout.yaml:5:38: account `mara` belongs to `mara` already',
    ],
  ],
  [
    'a secret in the open',
    changed('secrets: [{ env: HOOK_SECRET }]', 'secrets: [hunter2]'),
    [
      'backout.yaml:21:23: `secrets` should be a reference to a secret, `{ env: NAME }` or `{ file: PATH }`, never the secret itself',
    ],
  ],
  [
    'three secrets',
    changed('[{ env: HOOK_SECRET }]', '[{ env: A }, { env: B }, { env: C }]'),
    ['backout.yaml:21:22: `secrets` should name at most two secrets: the one in use and the next one'],
  ],
  [
    'an unknown checklist and item',
    changed('checklist: level-3', 'checklist: level-9'),
    ['backout.yaml:50:24: unknown checklist `level-9`, did you mean `level-1`?'],
  ],
  [
    'an unknown item of a checklist',
    changed('without: [commit]', 'without: [comit]'),
    ['backout.yaml:53:23: checklist `level-3` has no item `comit`, did you mean `commit`?'],
  ],
  [
    'a key that stands twice',
    changed('locale: en\n', 'locale: en\nlocale: en\n'),
    ['backout.yaml:2:1: this key stands twice in the same map'],
  ],
  [
    'two documents',
    `${good}---\n{}\n`,
    ['backout.yaml:54:1: a second document begins here; a catalogue is one document'],
  ],
  [
    'a slip of the indentation, told once',
    changed('people:\n', ' people:\n'),
    ['backout.yaml:3:1: all mapping items must start at the same column'],
  ],
  [
    'what is no YAML',
    'a: b\n] c: d\ne: f\n',
    ['backout.yaml:2:1: this does not fit here: look at the indentation and at the line before'],
  ],
  [
    'an alias bomb',
    `a: &a [x, x]\n${Array.from({ length: 12 }, (_, at) => `b${at}: &b${at} [${at ? `*b${at - 1}, *b${at - 1}` : '*a, *a'}]`).join('\n')}\n`,
    ['backout.yaml:1:1: the file cannot be read: Excessive alias count indicates a resource exhaustion attack'],
  ],
  ['a deep nest', '['.repeat(5000), ['backout.yaml:1:1: the file is nested deeper than 200 levels']],
  ['a long file', `# ${'x'.repeat(1_100_000)}`, ['backout.yaml:1:1: the file is longer than 1024 KiB']],
  [
    'problems of all kinds at once',
    changed('mode: act', 'mode: acts')
      .replace('- kubernetes.set-env:', '- kubernetes.setenv:')
      .replace('default: [sre]', 'default: [sra]'),
    [
      'backout.yaml:10:13: unknown role `sra`, did you mean `sre`?',
      'backout.yaml:33:27: `mode` cannot be `acts`, did you mean `act`?',
      'backout.yaml:40:13: unknown step `kubernetes.setenv`, did you mean `kubernetes.set-env`?',
    ],
  ],
];

describe('a bad catalogue', () => {
  it.each(rows)('%s', (_what, text, problems) => {
    expect([...problemsOf(text)].sort()).toEqual([...problems].sort());
  });

  it('keeps anchors, aliases and merge keys in place', () => {
    const text = changed('      staging:\n', '      staging:\n        <<: &base { mode: acts }\n');
    expect(problemsOf(text)).toEqual(['backout.yaml:35:27: `mode` cannot be `acts`, did you mean `act`?']);
  });
});
