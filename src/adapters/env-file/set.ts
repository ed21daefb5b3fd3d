import type { JsonObject } from '../../domain/json.ts';
import { note } from '../../domain/note.ts';
import type { OperationDraft, StepPlan } from '../../domain/plan.ts';
import { Refusal, reason } from '../../domain/reason.ts';
import { isSecretName, isSecretValue } from '../../domain/secret.ts';
import type {
  ApplyContext,
  Executor,
  Observation,
  OperationLike,
  PlanContext,
  Settlement,
} from '../../ports/executor.ts';
import type { ReadSecret } from '../../ports/secrets.ts';
import { keyDiff, keyHash, means, restoreKeys, setKeys, Unwritable } from './change.ts';
import { demandReplaceable, keepBackup, type OnDisk, readEnvFile, replaceText } from './disk.ts';
import { type EnvFileInput, type EnvFileValue, envFileInput } from './input.ts';

/** What env-file steps need. */
export interface EnvFileDeps {
  readonly readSecret: ReadSecret;
}

/** Shared by both directions: `expect` and `result` are hashes of the keys before and after. */
interface BodyBase {
  readonly file: string;
  readonly real: string;
  readonly backup: string;
  readonly keys: readonly string[];
  readonly expect: string;
  readonly result: string;
}
type Body = BodyBase &
  (
    | { readonly action: 'set'; readonly values: Readonly<Record<string, EnvFileValue>> }
    | { readonly action: 'restore' }
  );

/** The step that sets variables in an env file. */
export function createEnvFileExecutor(deps: EnvFileDeps): Executor {
  return {
    kind: 'env-file.set',
    plan: (context, input) => plan(deps, context, envFileInput.parse(input)),
    observe: (_context, operation) => observe(deps, bodyOf(operation)),
    apply: (context, operation) => apply(deps, context, bodyOf(operation)),
    settle: (_context, operation) => settle(deps, bodyOf(operation)),
    byHand: operation => byHand(bodyOf(operation)),
  };
}

function bodyOf(operation: OperationLike): Body {
  return operation.body as unknown as Body;
}

async function plan(deps: EnvFileDeps, context: PlanContext, input: EnvFileInput): Promise<StepPlan> {
  const values = { ...(input.use ? input.sets[input.use] : {}), ...input.set };
  const file = await readEnvFile(input.file);
  const wanted = await readValues(deps, values);
  const rest = {
    blastRadius: [note('env-file-readers', { file: input.file })],
    interruption: { kind: 'none' as const },
    notRolledBack: [],
    notChecked: [],
    warnings: [note('env-file-read-at-start', { file: input.file })],
    expectedMs: 200,
  };
  if (means(file.text, wanted)) return { ...rest, operations: [] };
  await demandReplaceable(file);
  const after = changed(file.text, wanted);
  const keys = Object.keys(values);
  const backup = `${file.real}.bak-${context.run}`;
  const shared = { file: input.file, real: file.real, backup, keys };
  const expect = keyHash(file.text, keys, backup);
  const result = keyHash(after, keys, backup);
  const body: Body = { ...shared, action: 'set', values, expect, result };
  const inverse: Body = { ...shared, action: 'restore', expect: result, result: expect };
  const hide = (key: string, raw: string): boolean =>
    typeof values[key] === 'object' || isSecretName(key) || isSecretValue(raw.replace(/^["'`]/, ''));
  const facts = { file: input.file, keys };
  const operation: OperationDraft = {
    object: `env file ${input.file}`,
    body: body as unknown as JsonObject,
    preview: { summary: note('env-file-sets', facts), diff: keyDiff(input.file, file.text, after, keys, hide) },
    fingerprint: fingerprintOf(file, keys, backup),
    idempotent: true,
    inverse: {
      object: `env file ${input.file}`,
      body: inverse as unknown as JsonObject,
      preview: { summary: note('env-file-restores', { ...facts, backup }), diff: '' },
      idempotent: true,
    },
  };
  return { ...rest, operations: [operation] };
}

function changed(text: string, wanted: Readonly<Record<string, string>>): string {
  try {
    return setKeys(text, wanted);
  } catch (failure) {
    if (failure instanceof Unwritable) throw new Refusal(reason('bad-argument', {}, failure.message));
    throw failure;
  }
}

/** The wanted values as bytes, one latin1 character each, as the file is read. */
async function readValues(
  deps: EnvFileDeps,
  values: Readonly<Record<string, EnvFileValue>>,
): Promise<Record<string, string>> {
  const read = await Promise.all(
    Object.entries(values).map(async ([key, value]) => {
      const text = typeof value === 'object' ? await deps.readSecret(value) : String(value);
      return [key, Buffer.from(text, 'utf8').toString('latin1')];
    }),
  );
  return Object.fromEntries(read) as Record<string, string>;
}

/** What the approver judged: which file, whose, and how it writes these keys; never its other lines. */
function fingerprintOf(file: OnDisk, keys: readonly string[], salt: string): string {
  return [file.real, file.uid, file.gid, file.mode.toString(8), keyHash(file.text, keys, salt)].join(' ');
}

async function observe(deps: EnvFileDeps, body: Body): Promise<Observation> {
  const file = await readEnvFile(body.file);
  const fingerprint = fingerprintOf(file, body.keys, body.backup);
  const facts = { file: body.file, keys: body.keys };
  if (await isThere(deps, body, file))
    return { state: 'applied', fingerprint, note: note('env-file-as-wanted', facts) };
  const moved = keyHash(file.text, body.keys, body.backup) !== body.expect || file.real !== body.real;
  return { state: 'not-applied', fingerprint, note: note(moved ? 'env-file-moved' : 'env-file-as-planned', facts) };
}

async function isThere(deps: EnvFileDeps, body: Body, file: OnDisk): Promise<boolean> {
  if (file.real !== body.real) return false;
  if (keyHash(file.text, body.keys, body.backup) === body.result) return true;
  return body.action === 'set' && means(file.text, await readValues(deps, body.values));
}

async function apply(deps: EnvFileDeps, context: ApplyContext, body: Body): Promise<void> {
  const file = await readEnvFile(body.file);
  if (await isThere(deps, body, file)) return;
  if (file.real !== body.real || keyHash(file.text, body.keys, body.backup) !== body.expect)
    throw new Refusal(reason('target-changed', { object: body.file }));
  await demandReplaceable(file);
  context.signal.throwIfAborted();
  const part = `${body.real}.part-${context.run}`;
  if (body.action === 'set') {
    const text = changed(file.text, await readValues(deps, body.values));
    await keepBackup(file, body.backup);
    await replaceText(file, text, part, context.signal);
    return;
  }
  const backup = await readEnvFile(body.backup).catch(() => {
    throw new Refusal(reason('cannot-revert', {}, `${body.backup} is gone`));
  });
  await replaceText(file, restoreKeys(file.text, backup.text, body.keys), part, context.signal);
}

async function settle(deps: EnvFileDeps, body: Body): Promise<Settlement> {
  const seen = await observe(deps, body);
  return seen.state === 'applied'
    ? { state: 'settled', note: seen.note, served: false }
    : { state: 'failed', reason: reason('not-settled', { object: body.file }), served: false };
}

function byHand(body: Body): readonly string[] {
  return body.action === 'set' ? [`edit ${body.file}: ${body.keys.join(', ')}`] : [`diff ${body.backup} ${body.file}`];
}
