import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pause } from '../../../jobs/pause.ts';
import { kubernetesChecks } from '../../../src/adapters/kubernetes/entries.ts';
import type { CheckOutcome } from '../../../src/domain/check.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { Release } from '../../../src/domain/release.ts';
import type { Run } from '../../../src/domain/run.ts';
import type { Check } from '../../../src/ports/check.ts';
import { runChecks } from '../../../src/verify/run-checks.ts';
import { openApi } from '../../cluster/api.ts';
import { eventually, type Rules, type TestCluster } from '../../cluster/suite.ts';
import { statedRules } from './targets.ts';

/** The rights that the documentation states for the checks. */
export const checkRules: Rules = statedRules(...kubernetesChecks.map(({ kind }) => kind));

/** What a check judges, as far as these checks look at a run. */
export type Judged = { readonly release?: Release | null; readonly since?: number };

/** One account in one namespace, asked for checks. */
export type CheckPlace = {
  /** Asks until the answer is none of `waiting`, or this long. */
  ask(kind: string, input: object, judged?: Judged, limit?: number): Promise<CheckOutcome>;
  /** Asks once. */
  once(kind: string, input: object, judged?: Judged): Promise<CheckOutcome>;
  /** Asks as the engine does, within a time limit in ms. */
  verify(kind: string, input: object, timeoutMs: number): Promise<{ readonly status: string; readonly said: object }>;
};

function runOf({ release = null, since = 0 }: Judged): Run {
  const of: Pick<Run, 'status' | 'since' | 'createdAt' | 'checks' | 'ticks'> & { plan: { to: Release } | null } = {
    status: 'verifying',
    plan: release && { to: release },
    since: { executing: since || Date.now() - 60_000 },
    createdAt: 0,
    checks: [],
    ticks: {},
  };
  return { ...of, id: '01K9ZK8SCHECKS0000000000000', request: { target: 'shop/production' } } as unknown as Run;
}

/** Opens an account with these rights; its kubeconfig leads to `server` where given. */
export async function openCheckPlace(
  cluster: TestCluster,
  namespace: string,
  rules: Rules = checkRules,
  server?: string,
): Promise<CheckPlace> {
  const text = await cluster.account(namespace, rules, server);
  const folder = await cluster.folder('checks');
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, text, { mode: 0o600 });
  const asAccount = await openApi(await cluster.account(namespace, rules));
  await eventually('role', () => asAccount('GET', `/api/v1/namespaces/${namespace}/pods`).catch(() => undefined));
  const deps = { kubeconfig, childEnvironment: {}, clock: { now: () => Date.now() } };
  const start = async (kind: string, given: object, judged: Judged) => {
    const { check, input } = await load(kind, given);
    const of = runOf(judged);
    const signal = AbortSignal.timeout(60_000);
    const verifyingSince = Date.now();
    return check.start({ run: of.id, target: of.request.target, signal, of, checkId: kind, verifyingSince }, input);
  };
  const load = async (kind: string, given: object): Promise<{ readonly check: Check; readonly input: JsonObject }> => {
    const entry = kubernetesChecks.find(one => one.kind === kind);
    if (!entry) throw new Error(`no check ${kind}`);
    return { check: await entry.load(deps), input: entry.input.parse({ namespace, ...given }) };
  };
  return {
    once: async (kind, input, judged = {}) => (await start(kind, input, judged))(),
    ask: async (kind, input, judged = {}, limit = 30_000) => {
      const look = await start(kind, input, judged);
      return eventually(
        `an answer of ${kind}`,
        async () => {
          const outcome = await look();
          return outcome.status !== 'waiting' && outcome;
        },
        limit,
      );
    },
    verify: async (kind, given, timeoutMs) => {
      const { check, input } = await load(kind, given);
      const results: { status: string; said: object }[] = [];
      const deps = {
        check: async () => check,
        now: () => Date.now(),
        sleep: (ms: number, signal: AbortSignal) => pause(Math.min(ms, 100), signal),
        atOnce: 1,
      };
      const spec = { id: 'one', title: kind, kind, input, timeoutMs };
      await runChecks(deps, [spec], {
        run: runOf({}),
        since: Date.now(),
        signal: AbortSignal.timeout(60_000),
        onResult: async ({ status, note }) => void results.push({ status, said: note }),
      });
      const [result] = results;
      if (!result) throw new Error('no result');
      return result;
    },
  };
}
