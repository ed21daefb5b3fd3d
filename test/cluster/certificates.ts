import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { frontProxy } from './settings.ts';

const run = promisify(execFile);

/** Makes the pair by which the API server shows itself to aggregated API servers, and the authority that signs it. */
export async function writeFrontProxyCertificates(state: string): Promise<void> {
  const request = (name: string, certificate: string, key: string, ...more: string[]) =>
    run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
      ...['-subj', `/CN=${name}`, '-out', join(state, certificate), '-keyout', join(state, key)],
      ...more,
    ]);
  await request('front-proxy-ca', frontProxy.ca, frontProxy.caKey);
  const signedBy = ['-CA', join(state, frontProxy.ca), '-CAkey', join(state, frontProxy.caKey)];
  const forClients = ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=clientAuth'];
  await request('front-proxy-client', frontProxy.certificate, frontProxy.key, ...signedBy, ...forClients);
}
