import type { ZodType } from 'zod';
import type { JsonObject } from '../../../domain/json.ts';
import type { Check, CheckEntry } from '../../../ports/check.ts';
import type { KubernetesDeps } from '../input.ts';
import * as inputs from './input.ts';
import type { LookingDeps } from './looking.ts';
import { endpointsInput, httpInput } from './service-input.ts';

/** One row; what talks to a cluster is loaded when a catalogue needs it. */
function row<Input>(
  kind: string,
  input: ZodType<Input>,
  summary: string,
  create: () => Promise<(deps: LookingDeps) => Check>,
): CheckEntry<KubernetesDeps> {
  return {
    kind,
    input: input as unknown as ZodType<JsonObject>,
    summary,
    hostLocal: false,
    load: async deps => {
      const [make, { createConnect }] = await Promise.all([create(), import('../connect.ts')]);
      return make({ connect: createConnect(deps), clock: deps.clock });
    },
  };
}

/** Rows for the table of checks, `kubernetes.rollout` aside. */
export const clusterChecks: readonly CheckEntry<KubernetesDeps>[] = [
  row(
    'kubernetes.pods',
    inputs.podsInput,
    'Passes when every pod of the workload is ready and none was started anew since the run began.',
    async () => (await import('./pods.ts')).createPodsCheck,
  ),
  row(
    'kubernetes.image',
    inputs.imageInput,
    'Passes when every pod really runs the image named, or the one of the release gone back to.',
    async () => (await import('./image.ts')).createImageCheck,
  ),
  row(
    'kubernetes.endpoints',
    endpointsInput,
    'Passes when a Service has so many ready endpoints, all of them pods with the labels named.',
    async () => (await import('./endpoints.ts')).createEndpointsCheck,
  ),
  row(
    'kubernetes.env',
    inputs.envInput,
    'Passes when variables are set as they should be, in the pod template or in what runs; no value is shown.',
    async () => (await import('./env.ts')).createEnvCheck,
  ),
  row(
    'kubernetes.exec',
    inputs.execInput,
    'Runs a command in containers: its exit code, and fields of the JSON it prints.',
    async () => (await import('./exec.ts')).createExecCheck,
  ),
  row(
    'kubernetes.logs-errors',
    inputs.logsErrorsInput,
    'Counts the lines with an error among the last ones of every pod.',
    async () => (await import('./logs-errors.ts')).createLogsErrorsCheck,
  ),
  row(
    'kubernetes.metrics-text',
    inputs.metricsTextInput,
    'Passes when every pod serves a metrics series by this name, within its limits.',
    async () => (await import('./metrics-text.ts')).createMetricsTextCheck,
  ),
  row(
    'kubernetes.top',
    inputs.topInput,
    'Passes when what the pods, and the nodes under them, use of CPU and memory is within limits.',
    async () => (await import('./top.ts')).createTopCheck,
  ),
  row(
    'kubernetes.events',
    inputs.eventsInput,
    'Passes when the workload and its pods had no Warning event since the run began.',
    async () => (await import('./events.ts')).createEventsCheck,
  ),
  row(
    'kubernetes.http',
    httpInput,
    'Asks a Service over HTTP through the API server: status, fields, time, version; needs no ingress.',
    async () => (await import('./http.ts')).createProxiedHttpCheck,
  ),
];
