import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How many targets a catalogue names unless told otherwise: so many runs can be open at once. */
export const lanes = 60;

/** The channel of every target. */
export const channel = 'C000000001';

/** Everything a measured process is told by file: its catalogue and a state folder. */
export interface Folder {
  readonly catalogue: string;
  readonly stateDir: string;
  remove(): Promise<void>;
}

/** What a benchmark's catalogue says. */
export interface Orders {
  /** Slack ids of who asks and of who approves. */
  readonly asker: string;
  readonly approver: string;
  /** Steps of every runbook; `LANE` in a line stands for the target's number. */
  readonly steps: readonly string[];
  /** Further lines of the service. */
  readonly service?: readonly string[];
  readonly channel?: string;
  /** How many targets there are; as many as runs can be open at once unless set. */
  readonly targets?: number;
}

/** Writes a catalogue with many like targets into a fresh folder: one vote of somebody else is needed, except in drills. */
export async function writeCatalogue(orders: Orders): Promise<Folder> {
  const folder = await mkdtemp(join(tmpdir(), 'backout-bench-'));
  const catalogue = join(folder, 'backout.yaml');
  await writeFile(catalogue, catalogueText(orders));
  return { catalogue, stateDir: join(folder, 'state'), remove: () => rm(folder, { recursive: true, force: true }) };
}

function catalogueText(orders: Orders): string {
  const { asker, approver, steps, service = [], channel: at = channel, targets = lanes } = orders;
  const environments = Array.from({ length: targets }, (_, lane) => [
    `      e${lane}:`,
    '        mode: act',
    '        runbooks:',
    '          back:',
    '            level: 2',
    '            steps:',
    ...steps.map(step => `              - ${step.replaceAll('LANE', String(lane))}`),
  ]);
  return [
    `channels: { ops: ${at} }`,
    'people:',
    `  mara: { slack: ${asker} }`,
    `  jon: { slack: ${approver} }`,
    'roles: { oncall: [jon], everybody: [mara, jon] }',
    'permissions: { default: [everybody] }',
    'approvals:',
    '  - { name: drill, scenarios: [drill], seats: {} }',
    '  - { name: standard, seats: { oncall: 1 }, within: 10m }',
    'services:',
    '  shop:',
    '    channel: ops',
    ...service.map(line => `    ${line}`),
    '    environments:',
    ...environments.flat(),
    '',
  ].join('\n');
}
