import { z } from 'zod';
import type { JsonObject } from '../../domain/json.ts';
import { badArgument } from '../../domain/reason.ts';
import { placeFields, programName } from './input.ts';

const hash = z.string().regex(/^[0-9a-f]{32}$/);
const number = z.number().int().min(1);

/** What an operation of this adapter says: numbers, names and hashes, so that no value of a release leaves the cluster. */
const rollbackBody = z.strictObject({
  ...placeFields,
  binary: programName,
  /** Helm 3 and 4 name some flags differently. */
  major: z.union([z.literal(3), z.literal(4)]),
  timeoutSeconds: z.number().int().min(1).max(3_600),
  hooks: z.boolean(),
  waitForJobs: z.boolean(),
  cleanupOnFail: z.boolean(),
  force: z.boolean(),
  forceConflicts: z.boolean(),
  /** The newest revision when this was planned: whatever comes above it is ours, or somebody else's. */
  base: z.strictObject({ number, uid: z.string().max(64), status: z.string().max(40), content: hash }),
  /** The revision that is gone back to. */
  to: z.strictObject({ number, uid: z.string().max(64), content: hash, version: z.string().max(256) }),
  /** What may stand above the base besides copies of `to`: for an inverse, what the operation it undoes made. */
  over: hash.nullable(),
  /** Number of the revision that helm makes; higher where one that was cut off had to be made again. */
  expected: number,
  /** Whether hooks run, whose effects nobody sees: one that was cut off is not repeated. */
  unseenHooks: z.boolean(),
});

/** A rollback of a release to one of its revisions. */
export type Rollback = z.infer<typeof rollbackBody>;

/** Reads an operation's body; a body that is none, or holds a hostile name, is refused before any process or request. */
export function readBody(body: JsonObject): Rollback {
  const parsed = rollbackBody.safeParse(body);
  if (parsed.success) return parsed.data;
  throw badArgument(parsed.error);
}
