import { z } from 'zod';
import { Refusal } from '../../domain/reason.ts';
import type { Finding, Probe } from '../../ports/probe.ts';
import { type Connection, createConnect } from './connect.ts';
import { type KubernetesDeps, objectOf, type Place, workloadOf } from './input.ts';
import { refusalOf } from './kube-error.ts';
import { ownersOf } from './owners.ts';
import { pluralOf, readWorkload } from './workload.ts';

/** A right that the executors use; without an essential one nothing can be rolled back. */
interface Right {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  readonly essential: boolean;
}

const rightsOn = (place: Place): readonly Right[] => [
  { group: 'apps', resource: pluralOf(workloadOf(place).kind), verb: 'get', essential: true },
  { group: 'apps', resource: pluralOf(workloadOf(place).kind), verb: 'patch', essential: true },
  { group: 'apps', resource: historyOf(place), verb: 'list', essential: true },
  { group: '', resource: 'pods', verb: 'list', essential: true },
  { group: '', resource: 'configmaps', verb: 'get', essential: false },
  { group: '', resource: 'secrets', verb: 'get', essential: false },
  { group: '', resource: 'serviceaccounts', verb: 'get', essential: false },
  { group: '', resource: 'persistentvolumeclaims', verb: 'get', essential: false },
];

/** Where a kind of workload keeps its releases. */
const historyOf = (place: Place) => (workloadOf(place).kind === 'Deployment' ? 'replicasets' : 'controllerrevisions');

const review = z.object({ status: z.object({ allowed: z.boolean() }) });

/** Asks the API server which of the rights we need we have. Throws `KubeError`. */
async function missingRights(connection: Connection, place: Place, signal: AbortSignal): Promise<Right[]> {
  const asked = rightsOn(place).map(async right => {
    const { group, resource, verb } = right;
    const named = resource === pluralOf(workloadOf(place).kind) ? { name: workloadOf(place).name } : {};
    const answer = await connection.send({
      verb: 'create',
      resource: 'selfsubjectaccessreviews.authorization.k8s.io',
      namespace: place.namespace,
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { spec: { resourceAttributes: { group, resource, verb, namespace: place.namespace, ...named } } },
      signal,
    });
    return review.parse(answer).status.allowed ? [] : [right];
  });
  return (await Promise.all(asked)).flat();
}

const nameOf = ({ verb, resource, group }: Right) => `${verb} ${group ? `${resource}.${group}` : resource}`;

function findingsOn(place: Place, missing: readonly Right[]): Finding[] {
  const subject = objectOf(place);
  const [broken, weak] = [true, false].map(kind => missing.filter(({ essential }) => essential === kind).map(nameOf));
  const remedy = (names: readonly string[]) =>
    `grant to our account's role in namespace ${place.namespace}: ${names.join(', ')}`;
  return [
    ...(broken?.length
      ? [{ subject, state: 'broken' as const, message: `may not ${broken.join(', ')}`, remedy: remedy(broken) }]
      : []),
    ...(weak?.length
      ? [
          {
            subject,
            state: 'warning' as const,
            message: `cannot check what a release needs: may not ${weak.join(', ')}`,
            remedy: remedy(weak),
          },
        ]
      : []),
  ];
}

async function examine(connection: Connection, place: Place, signal: AbortSignal): Promise<Finding[]> {
  const subject = objectOf(place);
  const findings = findingsOn(place, await missingRights(connection, place, signal));
  if (findings.some(({ state }) => state === 'broken')) return findings;
  const workload = await readWorkload(connection, place, signal);
  const owners = ownersOf(workload);
  if (owners.length > 0) {
    const message = `is rendered by ${owners.join(' and ')}, which would undo a rollback`;
    findings.push({ subject, state: 'broken', message, remedy: 'go back there, or take it out of its hands' });
  }
  if (workload.spec.revisionHistoryLimit === 0) {
    findings.push({
      subject,
      state: 'broken',
      message: 'keeps no history',
      remedy: 'set spec.revisionHistoryLimit to 10',
    });
  }
  return findings.length > 0
    ? findings
    : [{ subject, state: 'ok', message: 'can be read and rolled back', remedy: null }];
}

/** What `doctor` says of each workload that the catalogue names: reached, allowed, ours to change. */
export function createKubernetesProbe(deps: KubernetesDeps, places: readonly Place[]): Probe {
  const connect = createConnect(deps);
  return async ({ signal }) => {
    const answers = places.map(async place => {
      try {
        return await examine(await connect(place), place, signal);
      } catch (thrown) {
        const error = refusalOf(thrown);
        if (!(error instanceof Refusal)) throw error;
        const { detail, code } = error.reason;
        return [{ subject: objectOf(place), state: 'broken' as const, message: detail ?? code, remedy: null }];
      }
    });
    return (await Promise.all(answers)).flat();
  };
}
