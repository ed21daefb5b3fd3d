import { describe, expect, it } from 'vitest';
import { configMapInput } from '../../../src/adapters/kubernetes/configuration-input.ts';
import { setEnvInput } from '../../../src/adapters/kubernetes/input.ts';

const url = 'postgres://shop:hunter2@db/shop';
const settings = { namespace: 'shop', configMap: 'settings' };
const shop = { namespace: 'shop', deployment: 'shop' };
const refused = {
  success: false,
  error: { issues: [{ path: ['set'], message: expect.stringMatching(/looks secret/) }] },
};

describe('what a step may write in clear', () => {
  it.each([
    ['kubernetes.set-env: a name', setEnvInput, { ...shop, set: { DB_PASSWORD: 'hunter2' } }],
    ['kubernetes.set-env: an address', setEnvInput, { ...shop, set: { DATABASE: url } }],
    ['kubernetes.configmap: a name', configMapInput, { ...settings, set: { 'db.password': 'hunter2' } }],
    ['kubernetes.configmap: an address', configMapInput, { ...settings, set: { database: url } }],
  ])('a value that looks secret is asked for by reference: %s', (_, schema, input) => {
    expect(schema.safeParse(input)).toMatchObject(refused);
  });

  it.each([
    [
      'kubernetes.set-env',
      setEnvInput,
      { ...shop, set: { DB_PASSWORD: { secret: 'login', key: 'password' }, A: 'b' } },
    ],
    ['kubernetes.set-env: emptied', setEnvInput, { ...shop, set: { DB_PASSWORD: '' } }],
    ['kubernetes.configmap', configMapInput, { ...settings, set: { 'db.password': { env: 'DB_PASSWORD' }, a: 'b' } }],
  ])('a reference, and what does not look secret, is taken: %s', (_, schema, input) => {
    expect(schema.safeParse(input)).toMatchObject({ success: true });
  });
});
