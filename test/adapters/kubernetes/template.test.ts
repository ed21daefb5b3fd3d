import { describe, expect, it } from 'vitest';
import { withEnvironment } from '../../../src/adapters/kubernetes/environment.ts';
import { setEnvInput } from '../../../src/adapters/kubernetes/input.ts';
import { referencesOf } from '../../../src/adapters/kubernetes/references.ts';
import {
  releaseKey,
  restartedAnew,
  templateDiff,
  templateHash,
  versionOf,
} from '../../../src/adapters/kubernetes/template.ts';

const withImage = (image: string, metadata = {}) => ({ metadata, spec: { containers: [{ name: 'app', image }] } });

describe('a release is known by its template', () => {
  const template = withImage('app:1', { labels: { app: 'shop' } });

  it('whatever the order of its keys, its nulls and the label of the controller', () => {
    const same = {
      spec: { containers: [{ image: 'app:1', name: 'app' }] },
      metadata: { creationTimestamp: null, labels: { 'pod-template-hash': 'x', app: 'shop' } },
    };
    expect(templateHash(same)).toBe(templateHash(template));
  });

  it('a restart is another template and the same release', () => {
    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-11-21T03:00:00Z' };
    const restarted = withImage('app:1', { labels: { app: 'shop' }, annotations });
    expect(templateHash(restarted)).not.toBe(templateHash(template));
    expect(releaseKey(restarted)).toBe(releaseKey(template));
  });

  it('a restart that is planned in the second of the last one bears the next second', () => {
    const now = Date.parse('2026-11-21T03:00:00.900Z');
    const first = restartedAnew(template, now);
    const second = restartedAnew(first.template, now + 50);
    expect([first.at, second.at]).toEqual(['2026-11-21T03:00:00Z', '2026-11-21T03:00:01Z']);
    expect(templateHash(second.template)).not.toBe(templateHash(first.template));
  });

  const labels = { 'app.kubernetes.io/version': '2.1' };
  const rows: readonly [string, object, string][] = [
    ['registry:5000/shop/app:1.2.3', {}, '1.2.3'],
    ['app:1.2.3@sha256:0123456789abcdef', {}, '1.2.3'],
    ['registry:5000/shop/app@sha256:0123456789abcdef', {}, '0123456789ab'],
    ['registry:5000/shop/app', { labels }, '2.1'],
    ['app:latest', { labels }, '2.1'],
    ['app', {}, 'latest'],
  ];
  it.each(rows)('%s is called by its tag, its version label or its digest', (image, metadata, version) => {
    expect(versionOf(withImage(image, metadata))).toBe(version);
  });

  it('the main container gives the name', () => {
    const annotations = { 'kubectl.kubernetes.io/default-container': 'app' };
    const containers = [
      { name: 'proxy', image: 'envoy:9' },
      { name: 'app', image: 'app:1' },
    ];
    expect(versionOf({ metadata: { annotations }, spec: { containers } })).toBe('1');
  });
});

describe('setting environment variables', () => {
  const template = {
    spec: {
      extra: 'kept',
      containers: [
        {
          name: 'app',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
            { name: 'A', value: '2' },
            { name: 'C', value: '3' },
          ],
        },
        { name: 'proxy', future: { field: true } },
      ],
    },
  };

  it('replaces in place and whole, joins duplicates, removes, appends, and keeps every field it does not know', () => {
    const change = { set: { A: 'x', B: 'y', D: { configMap: 'f', key: 'k' } }, remove: ['C'], containers: ['app'] };
    expect(withEnvironment(template, change)).toEqual({
      spec: {
        extra: 'kept',
        containers: [
          {
            name: 'app',
            env: [
              { name: 'A', value: 'x' },
              { name: 'B', value: 'y' },
              { name: 'D', valueFrom: { configMapKeyRef: { name: 'f', key: 'k' } } },
            ],
          },
          { name: 'proxy', future: { field: true } },
        ],
      },
    });
  });

  it('leaves no empty list, and the template it was given alone', () => {
    const before = structuredClone(template);
    const all = { set: {}, remove: ['A', 'B', 'C'], containers: ['app', 'proxy'] };
    expect(withEnvironment(template, all)).toEqual({
      spec: { extra: 'kept', containers: [{ name: 'app' }, { name: 'proxy', future: { field: true } }] },
    });
    expect(template).toEqual(before);
  });

  const place = { deployment: 'shop', namespace: 'default' };
  const refused: readonly [string, object][] = [
    ['nothing to do', {}],
    ['setting and removing the same', { set: { A: '1' }, remove: ['A'] }],
    ['a name no shell reads', { set: { 'A B': '1' } }],
    ['a NUL character', { set: { A: 'x\0' } }],
    ['an unknown field', { set: { A: '1' }, container: 'app' }],
  ];
  it.each(refused)('%s is refused in the catalogue', (_, input) => {
    expect(setEnvInput.safeParse({ ...place, ...input }).success).toBe(false);
  });
});

it('finds all that a template needs, optional things aside', () => {
  const found = referencesOf({
    spec: {
      serviceAccountName: 'shop',
      imagePullSecrets: [{ name: 'registry' }],
      initContainers: [
        { name: 'init', envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'opt', optional: true } }] },
      ],
      containers: [
        {
          name: 'app',
          env: [
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'flags', key: 'a' } } },
            { name: 'B', valueFrom: { configMapKeyRef: { name: 'flags', key: 'b' } } },
          ],
        },
      ],
      volumes: [
        { name: 's', secret: { secretName: 'tls', items: [{ key: 'crt', path: 'x' }] } },
        { name: 'p', projected: { sources: [{ configMap: { name: 'extra' } }, { secret: { name: 'token' } }] } },
        { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
      ],
    },
  });
  expect(found.map(({ kind, name, keys }) => [kind, name, ...keys].join(' ')).sort()).toEqual([
    'ConfigMap extra',
    'ConfigMap flags a b',
    'PersistentVolumeClaim data',
    'Secret all',
    'Secret registry',
    'Secret tls crt',
    'Secret token',
    'ServiceAccount shop',
  ]);
});

describe('the diff of two templates', () => {
  const template = (image: string, password: string) => ({
    metadata: { labels: { app: 'shop', 'pod-template-hash': 'abc' } },
    spec: { containers: [{ name: 'app', image, env: [{ name: 'PASSWORD', value: password }] }] },
  });
  const names = { before: 'now', after: 'then' };

  it('shows what changes with two lines around it', () => {
    expect(templateDiff(names, template('app:2', 'a'), template('app:1', 'a'))).toBe(
      [
        '--- now',
        '+++ then',
        '@@ -5,5 +5,5 @@',
        '   containers:',
        '     - name: app',
        '-      image: app:2',
        '+      image: app:1',
        '       env:',
        '         - name: PASSWORD',
      ].join('\n'),
    );
  });

  it('says that hidden values change where nothing else does, and is empty where nothing does', () => {
    expect(templateDiff(names, template('app:1', 'a'), template('app:1', 'b'))).toBe(
      '--- now\n+++ then\n (hidden values change)',
    );
    expect(templateDiff(names, template('app:1', 'a'), template('app:1', 'a'))).toBe('');
  });
});
