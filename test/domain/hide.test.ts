import { describe, expect, it } from 'vitest';
import { hideSecrets, hideSecretsInText } from '../../src/domain/hide.ts';

describe('what looks like a secret is hidden', () => {
  const rows: readonly [string, string][] = [
    ['postgres://shop:hunter2@db/shop', 'postgres://(hidden)@db/shop'],
    ['Authorization: Bearer abcdefgh12345678', 'Authorization: Bearer (hidden)'],
    ['--db-password=hunter2 --port=80', '--db-password=(hidden) --port=80'],
    ['token: "hunter2", next', 'token: (hidden), next'],
    ['eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl', '(hidden)'],
    ['key AKIAabcdefgh1234567890ABCDEFGHijkl0', 'key (hidden)'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----', '(hidden)'],
    ['pods "shop-5d5d5d4f5b-8r2sb" not found', 'pods "shop-5d5d5d4f5b-8r2sb" not found'],
    ['app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef', 'same'],
  ];
  it.each(rows)('%s', (text, shown) => {
    expect(hideSecretsInText(text)).toBe(shown === 'same' ? text : shown);
  });

  const long = ['x', 'a/', 'token', 'x.', 'Ab1/', 'password ', ' ', 'a:', '://', 'eyJ', 'token="'];
  it.each(long)('in a long text of nothing but %j as quickly as in any other', piece => {
    const began = performance.now();
    hideSecretsInText(piece.repeat(40_000 / piece.length));
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it('by the name a value stands under, in variables, arguments and annotations; names of objects stay', () => {
    const shown = hideSecrets({
      env: [
        { name: 'API_KEY', value: 'hunter2' },
        { name: 'MODE', value: 'normal' },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      ],
      args: ['--admin-token', 'hunter2', '--mode', 'normal'],
      annotations: { 'vault/secret-path': 'hunter2' },
      volumes: [{ name: 'login', secret: { secretName: 'login' } }],
    });
    expect(shown).toEqual({
      env: [
        { name: 'API_KEY', value: '(hidden)' },
        { name: 'MODE', value: 'normal' },
        { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      ],
      args: ['--admin-token', '(hidden)', '--mode', 'normal'],
      annotations: { 'vault/secret-path': '(hidden)' },
      volumes: [{ name: 'login', secret: { secretName: 'login' } }],
    });
  });
});
