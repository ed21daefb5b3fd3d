import { expect, it } from 'vitest';
import { helmEnvironment } from '../../../src/adapters/helm/binary.ts';
import { clusterVariables } from '../../../src/config/env.ts';

const pod = {
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  KUBERNETES_SERVICE_PORT_HTTPS: '443',
  SLACK_BOT_TOKEN: 'xoxb-x',
};
const found = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };

it.each([
  [
    'in a pod without a kubeconfig it finds the cluster as every program there does',
    pod,
    null,
    null,
    '/dev/null',
    found,
  ],
  ['outside of one it finds none', {}, null, null, '/dev/null', {}],
  ['the process’s kubeconfig is the only way in', pod, '/etc/a:/etc/b', null, '/etc/a:/etc/b', {}],
  ['the target’s own goes before', pod, '/etc/a', '/etc/own', '/etc/own', {}],
] as const)('helm: %s', (_what, around, inherited, kubeconfig, wanted, address) => {
  const settings = { kubeconfig: inherited, stateDir: '/state', clusterVariables: clusterVariables(around) };
  const { KUBECONFIG, ...rest } = helmEnvironment(settings, { kubeconfig });
  expect(KUBECONFIG).toBe(wanted);
  expect(Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('HELM_')))).toEqual(address);
});
