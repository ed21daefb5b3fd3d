import { createHash } from 'node:crypto';
import { z } from 'zod';
import { readMoment } from '../../domain/moment.ts';
import type { DeploymentStatus, Identity, ToldDeployment } from '../../domain/release.ts';

const name = z.string().trim().min(1).max(200);
const label = name.nullish();
const moment = z.union([z.string().max(60), z.number()]).nullish();

const statuses: Readonly<Record<string, DeploymentStatus>> = {
  started: 'started',
  in_progress: 'started',
  running: 'started',
  succeeded: 'succeeded',
  success: 'succeeded',
  failed: 'failed',
  failure: 'failed',
  error: 'failed',
  aborted: 'aborted',
  canceled: 'aborted',
  cancelled: 'aborted',
  rolled_back: 'rolled_back',
  'rolled-back': 'rolled_back',
};

/** What a pipeline sends after it deployed something; unknown keys are let pass. */
const body = z
  .object({
    service: name,
    environment: name,
    status: z
      .string()
      .toLowerCase()
      .refine(status => Object.hasOwn(statuses, status)),
    version: label,
    commit: z
      .string()
      .toLowerCase()
      .regex(/^[0-9a-f]{7,64}$/)
      .nullish(),
    image: z.string().trim().min(1).max(500).nullish(),
    actor: label,
    by: label,
    startedAt: moment,
    finishedAt: moment,
    at: moment,
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .nullish()
      .catch(null),
    id: z.union([z.string().max(200), z.number()]).nullish(),
  })
  .refine(told => Boolean(told.version || told.commit || told.image));

/** Reads a parsed body of a deployment hook; null where it is none. A release needs a version, a commit or an image. */
export function readDeployment(parsed: unknown, receivedAt: number): ToldDeployment | null {
  const read = body.safeParse(parsed);
  if (!read.success) return null;
  const told = read.data;
  const identity: Identity = {
    ...(told.commit ? { commit: told.commit } : {}),
    ...(told.image ? { image: told.image } : {}),
  };
  const version = told.version ?? told.commit?.slice(0, 12) ?? told.image ?? '';
  const named = Object.keys(identity).length > 0 ? JSON.stringify([told.commit, told.image]) : version;
  const said = readMoment(told.finishedAt) ?? readMoment(told.at) ?? readMoment(told.startedAt);
  return {
    service: told.service,
    environment: told.environment,
    status: statuses[told.status] ?? 'started',
    version,
    identity,
    key: `deployment:${createHash('sha256').update(named).digest('hex').slice(0, 24)}`,
    by: told.actor ?? told.by ?? null,
    at: Math.min(said ?? receivedAt, receivedAt),
    url: told.url ?? null,
  };
}
