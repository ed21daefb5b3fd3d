import { z } from 'zod';
import { type KindRight, rightName, type WorkloadKindName } from '../../domain/cluster-rights.ts';
import { Refusal } from '../../domain/reason.ts';
import type { Finding, Probe } from '../../ports/probe.ts';
import { type Connection, createConnect } from './connect.ts';
import { suspendedBy, type WorkloadStep, workloadFindings } from './doctor-owners.ts';
import { type KubernetesDeps, objectOf, type Place } from './input.ts';
import { refusalOf } from './kube-error.ts';
import { nameOf } from './reconcilers.ts';
import { roleManifest, whoWeAre } from './role.ts';
import { pluralOf, readWorkload } from './workload.ts';

/** Something in a cluster that a catalogue acts on or looks at, with the rights that it uses there. */
export interface ClusterUse {
  readonly where: Pick<Place, 'namespace' | 'context' | 'kubeconfig'>;
  /** Null where the rights are about anything else than one workload. */
  readonly workload: { readonly kind: WorkloadKindName; readonly name: string } | null;
  readonly rights: readonly KindRight[];
  /** The steps that change the workload; none where it is only looked at. */
  readonly steps: readonly WorkloadStep[];
}

/** Rights that an account lacks in one namespace, and the findings that tell of them. */
interface Examined {
  readonly missing: readonly KindRight[];
  readonly findings: readonly Finding[];
}

const review = z.object({ status: z.object({ allowed: z.boolean() }) });

/** How many questions one API server is asked at a time. */
const together = 16;

/** Asks whether we have a right, each once. Throws `KubeError`. */
type Ask = (right: KindRight, name: string | null) => Promise<boolean>;

function createAsk(connection: Connection, namespace: string, signal: AbortSignal): Ask {
  const known = new Map<string, Promise<boolean>>();
  const running = new Set<Promise<unknown>>();
  const send = async (attributes: object): Promise<boolean> => {
    while (running.size >= together) await Promise.race(running).catch(() => undefined);
    const asking = connection.send({
      verb: 'create',
      resource: 'selfsubjectaccessreviews.authorization.k8s.io',
      namespace,
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { spec: { resourceAttributes: attributes } },
      signal,
    });
    running.add(asking);
    try {
      return review.parse(await asking).status.allowed;
    } finally {
      running.delete(asking);
    }
  };
  return ({ group, resource: full, verb, wide }, name) => {
    const [resource, subresource] = full.split('/');
    const attributes = {
      group,
      resource,
      verb,
      ...(subresource ? { subresource } : {}),
      ...(wide ? {} : { namespace }),
      ...(name ? { name } : {}),
    };
    const key = JSON.stringify(attributes);
    const asked = known.get(key) ?? send(attributes);
    known.set(key, asked);
    return asked;
  };
}

/** The name that a right is asked for: roles may grant what is done to one workload by its name. */
function nameFor({ resource, verb }: KindRight, { workload }: ClusterUse): string | null {
  if (!workload || verb === 'list' || verb === 'create') return null;
  return resource.split('/')[0] === pluralOf(workload.kind) ? workload.name : null;
}

function distinct(rights: readonly KindRight[]): KindRight[] {
  const found = new Map<string, KindRight>();
  for (const right of rights) {
    const key = rightName(right);
    if (right.essential || !found.has(key)) found.set(key, right);
  }
  return [...found.values()];
}

async function missingRights(ask: Ask, use: ClusterUse): Promise<KindRight[]> {
  const asked = distinct(use.rights).map(async right => ((await ask(right, nameFor(right, use))) ? [] : [right]));
  return (await Promise.all(asked)).flat();
}

const subjectOf = (use: ClusterUse) => {
  const place = placeOf(use);
  return place ? objectOf(place) : `namespace ${use.where.namespace}`;
};

const keys = { Deployment: 'deployment', StatefulSet: 'statefulSet', DaemonSet: 'daemonSet' } as const;

function placeOf({ where, workload }: ClusterUse): Place | null {
  return workload && { ...where, [keys[workload.kind]]: workload.name };
}

function findingsOn(use: ClusterUse, missing: readonly KindRight[]): Finding[] {
  const names = (essential: boolean) => missing.filter(right => right.essential === essential).map(rightName);
  const wide = new Set(missing.filter(right => right.wide).map(rightName));
  const tell = (state: Finding['state'], lacking: readonly string[], before: string): Finding[] => {
    if (lacking.length === 0) return [];
    const here = lacking.filter(name => !wide.has(name));
    const everywhere = lacking.filter(name => wide.has(name));
    const grants = [
      ...(here.length > 0 ? [`in namespace ${use.where.namespace}: ${here.join(', ')}`] : []),
      ...(everywhere.length > 0 ? [`in the whole cluster: ${everywhere.join(', ')}`] : []),
    ];
    const remedy = `grant to our account's role ${grants.join('; ')}`;
    return [{ subject: subjectOf(use), state, message: `${before}may not ${lacking.join(', ')}`, remedy }];
  };
  return [
    ...tell('broken', names(true), ''),
    ...tell('warning', names(false), 'cannot do or check all that a release may need: '),
  ];
}

async function examine(connection: Connection, ask: Ask, use: ClusterUse, signal: AbortSignal): Promise<Examined> {
  const missing = await missingRights(ask, use);
  const findings = findingsOn(use, missing);
  const place = placeOf(use);
  const subject = subjectOf(use);
  if (findings.some(({ state }) => state === 'broken')) return { missing, findings };
  const all = [...findings, ...(place ? await findingsAt(connection, place, use.steps, signal) : [])];
  const read = use.steps.length > 0 ? 'can be read and rolled back' : 'can be read';
  const message = place ? read : 'what is used there is allowed';
  return { missing, findings: all.length > 0 ? all : [{ subject, state: 'ok', message, remedy: null }] };
}

/** What stands in the way of the steps on a workload, their rights on what they would suspend included. */
async function findingsAt(
  connection: Connection,
  place: Place,
  steps: readonly WorkloadStep[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const workload = await readWorkload(connection, place, signal);
  const suspending = suspendedBy(place, workload, steps).map(async ({ reconciler, rights }): Promise<Finding[]> => {
    const { namespace, name } = reconciler;
    const ask = createAsk(connection, namespace, signal);
    const asked = rights.map(async right => ((await ask(right, name)) ? [] : [right]));
    const missing = (await Promise.all(asked)).flat();
    if (missing.length === 0) return [];
    const list = missing.map(rightName).join(', ');
    const message = `${nameOf(reconciler)} cannot be suspended: we may not ${list}`;
    const remedy = `grant to our account's role in namespace ${namespace}: ${list}`;
    const manifest = roleManifest(missing, { namespace, subject: await whoWeAre(connection, signal) });
    return [{ subject: objectOf(place), state: 'broken', message, remedy, manifest }];
  });
  return [...workloadFindings(place, workload, steps), ...(await Promise.all(suspending)).flat()];
}

/** Lays the role that grants what is missing in a namespace beside the first finding that tells of it. */
async function withRole(
  connection: Connection,
  namespace: string,
  examined: readonly Examined[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings = examined.flatMap(one => one.findings);
  const missing = distinct(examined.flatMap(one => one.missing));
  if (missing.length === 0) return findings;
  const subject = await whoWeAre(connection, signal);
  const [here, wide] = [missing.filter(right => !right.wide), missing.filter(right => right.wide)];
  const text = [
    ...(here.length > 0 ? [roleManifest(here, { namespace, subject })] : []),
    ...(wide.length > 0 ? [roleManifest(wide, { namespace: null, subject })] : []),
  ].join('---\n');
  const first = findings.findIndex(({ message, manifest }) => message.includes('may not ') && !manifest);
  return findings.map((finding, at) => (at === first ? { ...finding, manifest: text } : finding));
}

async function examineNamespace(
  connect: () => Promise<Connection>,
  uses: readonly ClusterUse[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const namespace = uses[0]?.where.namespace ?? '';
  const troubleOf = (thrown: unknown, subjects: readonly string[]): Finding[] => {
    const error = refusalOf(thrown);
    const told = (state: Finding['state'], message: string) =>
      subjects.map((subject): Finding => ({ subject, state, message, remedy: null }));
    if (error instanceof Refusal) return told('broken', error.reason.detail ?? error.reason.code);
    // One cluster that does not answer must not hide what is found in the others.
    if (signal.aborted) return told('unknown', 'the API server did not answer in time');
    throw error;
  };
  try {
    const connection = await connect();
    const ask = createAsk(connection, namespace, signal);
    const examined = await Promise.all(
      uses.map(async (use): Promise<Examined> => {
        try {
          return await examine(connection, ask, use, signal);
        } catch (thrown) {
          return { missing: [], findings: troubleOf(thrown, [subjectOf(use)]) };
        }
      }),
    );
    return await withRole(connection, namespace, examined, signal);
  } catch (thrown) {
    return troubleOf(thrown, uses.map(subjectOf));
  }
}

/** What `doctor` says of all in clusters that the catalogue names: reached, allowed, ours to change; with the role that is missing. */
export function createKubernetesProbe(deps: KubernetesDeps, uses: readonly ClusterUse[]): Probe {
  const connect = createConnect(deps);
  return async ({ signal }) => {
    const places = [...Map.groupBy(uses, ({ where }) => JSON.stringify(where)).values()];
    const found = places.map(async here => {
      const where = here[0]?.where ?? { context: null, kubeconfig: null };
      return examineNamespace(() => connect(where), here, signal);
    });
    return (await Promise.all(found)).flat();
  };
}
