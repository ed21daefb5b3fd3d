import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestCluster } from './suite.ts';

/** What a webhook is asked about. */
export interface Asked {
  readonly resource: string;
  readonly operation: string;
  readonly dryRun: boolean;
}

/** An admission webhook of one namespace; `judge` answers why it refuses, or nothing where it lets pass. */
export interface Webhook {
  judge(verdict: (asked: Asked) => string | undefined): void;
  close(): Promise<void>;
}

/** Registers a webhook on 127.0.0.1 for pods and workloads of a namespace: the API server has to run on this machine. */
export async function openWebhook(cluster: TestCluster, namespace: string): Promise<Webhook> {
  const { api } = cluster;
  const folder = await cluster.folder('webhook');
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=webhook', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key],
  ]);
  let verdict: (asked: Asked) => string | undefined = () => undefined;
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { request } = JSON.parse(Buffer.concat(chunks).toString());
      const message = verdict({
        resource: String(request.resource.resource),
        operation: String(request.operation),
        dryRun: request.dryRun === true,
      });
      const response = {
        uid: request.uid,
        allowed: message === undefined,
        ...(message ? { status: { message } } : {}),
      };
      outgoing.setHeader('Content-Type', 'application/json');
      outgoing.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  const name = `refuses.${namespace}.test`;
  const rule = (group: string, ...resources: string[]) => ({
    apiGroups: [group],
    apiVersions: ['*'],
    operations: ['CREATE', 'UPDATE'],
    resources,
    scope: 'Namespaced',
  });
  await api('POST', path, {
    metadata: { name },
    webhooks: [
      {
        name,
        clientConfig: {
          url: `https://127.0.0.1:${port}/judge`,
          caBundle: readFileSync(cert).toString('base64'),
        },
        rules: [rule('', 'pods'), rule('apps', 'deployments', 'statefulsets', 'daemonsets')],
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        timeoutSeconds: 5,
      },
    ],
  });
  return {
    judge: wanted => {
      verdict = wanted;
    },
    close: async () => {
      await api('DELETE', `${path}/${name}`);
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
