import { type Payload, pack, readPayload } from '../../../src/adapters/helm/payload.ts';
import { type Revision, revisionOf } from '../../../src/adapters/helm/revision.ts';

/** What a test varies in a revision. */
export interface Written {
  readonly version?: number;
  readonly status?: string;
  readonly config?: string;
  readonly manifest?: string;
  readonly appVersion?: string;
  readonly hooks?: string;
  readonly description?: string;
  /** Further members of each file of the chart, as Helm 4 writes them. */
  readonly fileMore?: string;
}

/** The JSON text of a revision, member by member in the order in which helm writes it. */
export function releaseText(written: Written = {}): string {
  const { version = 1, status = 'deployed', config = '{}', manifest = '', appVersion = '1.0.0' } = written;
  const file = `{"name":"templates/a.yaml","data":"YTogMQ=="${written.fileMore ?? ''}}`;
  const description = JSON.stringify(written.description ?? 'Install "complete" {"status":"x"}');
  const info = `{"first_deployed":"2026-01-01T10:00:00Z","last_deployed":"2026-01-02T10:00:00.5+02:00","deleted":"","description":${description},"status":"${status}","notes":"status: \\"deployed\\""}`;
  const chart = `{"metadata":{"name":"shop","version":"0.1.0","appVersion":"${appVersion}"},"lock":null,"templates":[${file}],"values":{"big":12345678901234567890},"schema":null,"files":[]}`;
  const hooks = written.hooks === undefined ? '' : `,"hooks":${written.hooks}`;
  return `{"name":"shop","info":${info},"chart":${chart},"config":${config},"manifest":${JSON.stringify(manifest)}${hooks},"version":${version},"namespace":"shop"}`;
}

/** A revision read from its Secret. */
export function payloadOf(written: Written = {}): Payload {
  const payload = readPayload(pack(releaseText(written)));
  if (!payload) throw new Error('not readable');
  return payload;
}

/** What is kept in mind of it. */
export function revisionFrom(written: Written = {}): Revision {
  const number = written.version ?? 1;
  return revisionOf(payloadOf(written), {
    name: `sh.helm.release.v1.shop.v${number}`,
    uid: `uid-${number}`,
    resourceVersion: '1',
  });
}
