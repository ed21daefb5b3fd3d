import type { Proposal } from '../src/domain/alert.ts';
import type { Catalogue, Service, TargetSpec } from '../src/domain/catalogue.ts';
import { parseProposalId, targetParts } from '../src/domain/ids.ts';
import { levels, parseLevel } from '../src/domain/level.ts';
import { type Reason, reason } from '../src/domain/reason.ts';
import type { ButtonPress, FormSubmission, OptionQuery, Reply } from '../src/ports/inbound.ts';
import { type BlockId, suggestValue } from '../templates/ids.ts';
import { fieldError, requestForm } from '../templates/index.ts';
import { declined } from './answers.ts';
import type { DoorDeps } from './deps.ts';
import { way } from './order.ts';
import { nearest, soleTarget } from './parse/names.ts';
import { reasonLength } from './parse/options.ts';
import { cleanReason } from './parse/text.ts';
import { requestRollback } from './rollback.ts';
import { readSeed, type Seed, writeSeed } from './seed.ts';
import { mustHold, type Visit } from './visit.ts';

/** How many options a select may have. */
const mostOptions = 100;

/** Opens the request form with what is known so far; where no form can be opened, says what is missing and offers a button that opens it. */
export async function openForm(deps: DoorDeps, visit: Visit, seed: Seed, note: Reason | null): Promise<Reply> {
  await mustHold(deps, visit, 'request');
  if (visit.canOpenForm) return { kind: 'form', form: await drawForm(deps, visit, seed, note) };
  const why = note ?? reason('bad-argument', { missing: 'SERVICE' });
  return declined(visit.locale, { reason: why, next: [{ kind: 'form', ...way(seed) }] });
}

/** Draws the form anew after a select in it changed: what is filled in stays, save a release of another service. */
export async function redrawForm(deps: DoorDeps, visit: Visit, press: ButtonPress): Promise<Reply> {
  if (!press.form) return { kind: 'nothing' };
  const before = readSeed(press.form.metadata);
  const changed: Values = press.action === 'select-service' ? { service: press.value } : { environment: press.value };
  const values: Values = { ...press.form.values, ...changed };
  const said = Object.entries(seedOfValues(values)).filter(([field]) => Object.hasOwn(values, field));
  const seed: Seed = { ...before, ...Object.fromEntries(said) };
  const kept = seed.service === before.service ? seed : { ...seed, release: undefined };
  return { kind: 'form', form: await drawForm(deps, visit, kept, null) };
}

async function drawForm(deps: DoorDeps, visit: Visit, seed: Seed, note: Reason | null) {
  const { catalogue, locale } = visit;
  const service = own(catalogue.services, seed.service);
  const target = service ? (targetChosen(service, seed.environment) ?? soleTarget(service)) : null;
  const candidates = target ? (await deps.candidates(target)).candidates : [];
  const known = candidates.find(({ release }) => release.key === seed.release || release.version === seed.release);
  return requestForm(locale, {
    metadata: writeSeed({ ...seed, service: service?.name, environment: target?.environment }),
    services: Object.keys(catalogue.services).sort(),
    service: service?.name ?? null,
    environments: environmentsOf(catalogue, service),
    environment: target?.environment ?? null,
    levels: target ? levels.filter(level => target.runbooks.some(runbook => runbook.level === level)) : levels,
    level: parseLevel(seed.level ?? ''),
    candidates,
    release: known?.release.key ?? null,
    scenarios: catalogue.scenarios,
    scenario: seed.scenario ?? null,
    reason: seed.reason ?? null,
    note,
    now: await deps.runs.now(),
  });
}

/** The target that was chosen; one environment that is the only one need not be, but another service's is never taken for it. */
function targetChosen(service: Service, environment: string | undefined): TargetSpec | null {
  return environment === undefined ? soleTarget(service) : (own(service.environments, environment) ?? null);
}

function own<T>(table: Readonly<Record<string, T>>, key: string | undefined): T | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

function environmentsOf(catalogue: Catalogue, service: Service | undefined): readonly string[] {
  const services = service ? [service] : Object.values(catalogue.services);
  return [...new Set(services.flatMap(one => Object.keys(one.environments)))].sort();
}

type Values = Readonly<Partial<Record<BlockId, string | null>>>;

function seedOfValues(values: Values): Seed {
  const chosen = (value: string | null | undefined) => (value && value !== suggestValue ? value : undefined);
  return {
    service: chosen(values.service),
    environment: chosen(values.environment),
    level: parseLevel(chosen(values.level) ?? '') ?? undefined,
    release: chosen(values.release),
    scenario: chosen(values.scenario),
    reason: values.reason ?? undefined,
  };
}

/** Every field is required, so one that comes back empty was left as it was filled in: some clients send only what somebody touched. */
function filledIn(values: Values, seed: Seed): Values {
  const { service, environment, level, release, scenario, reason: why } = seed;
  const shown = { service, environment, level: level?.toString(), release, scenario, reason: why };
  const untouched = Object.entries(shown).filter(([field]) => (values[field as BlockId] ?? null) === null);
  return { ...values, ...Object.fromEntries(untouched) };
}

/** A submitted request form: problems are shown at their field, all at once. */
export async function submitForm(deps: DoorDeps, visit: Visit, submission: FormSubmission): Promise<Reply> {
  const kept = readSeed(submission.metadata);
  const values = filledIn(submission.values, kept);
  const seed = seedOfValues(values);
  const service = own(visit.catalogue.services, seed.service);
  const target = service ? targetChosen(service, seed.environment) : null;
  const why = checkReason(values.reason);
  const errors: [BlockId, Reason][] = [];
  if (!service) errors.push(['service', reason('unknown-service', { name: seed.service ?? '' })]);
  else if (!target) {
    const environments = Object.keys(service.environments);
    errors.push(['environment', reason('environment-needed', { service: service.name, environments })]);
  }
  if (why.problem) errors.push(['reason', why.problem]);
  if (!target || why.problem)
    return {
      kind: 'form-errors',
      errors: Object.fromEntries(errors.map(([block, problem]) => [block, fieldError(visit.locale, problem)])),
    };
  const { level = null, release = null, scenario = null } = seed;
  const { strategy = null, proposal = null, replaces } = kept;
  const wish = {
    target,
    level: parseLevel(level ?? ''),
    release,
    scenario,
    strategy,
    proposal,
    reason: why.text,
    observe: false,
  };
  return await requestRollback(deps, visit, wish, replaces);
}

/** Cleans a reason from a form; a problem where it says too little or too much. */
export function checkReason(typed: string | null | undefined): {
  readonly text: string;
  readonly problem: Reason | null;
} {
  const text = cleanReason(typed ?? '');
  if (text.length < reasonLength.min) return { text, problem: reason('reason-needed') };
  const long = text.length > reasonLength.max;
  return { text, problem: long ? reason('bad-argument', { atMost: reasonLength.max }) : null };
}

/** Services for the form's search, those that hold what was typed first, then the nearest; at most 100. */
export async function serviceOptions(visit: Visit, query: OptionQuery): Promise<Reply> {
  const typed = query.typed.trim().toLowerCase();
  const services = Object.values(visit.catalogue.services);
  const holding = services.filter(({ name, aliases }) =>
    [name, ...aliases].some(one => one.toLowerCase().includes(typed)),
  );
  const names = holding.map(({ name }) => name).sort();
  const found =
    names.length > 0
      ? names
      : nearest(
          typed,
          services.map(({ name }) => name),
        );
  return { kind: 'options', options: found.slice(0, mostOptions).map(name => ({ text: name, value: name })) };
}

/** What the form begins with where a proposal's button was pressed. */
export function seedOfProposal({ id, target, good, episode }: Proposal): Seed {
  const summary = episode.summary ? `${episode.name}: ${episode.summary}` : episode.name;
  const found = { ...targetParts(target), scenario: 'alert', proposal: id, reason: cleanReason(summary).slice(0, 300) };
  return good ? { ...found, release: good.key } : found;
}

/** What the form begins with in the thread of a proposal; nothing elsewhere. */
export async function seedOfThread(deps: DoorDeps, visit: Visit): Promise<Seed> {
  const thread = visit.channel && visit.thread ? await deps.outbox.threadOf(visit.channel, visit.thread) : null;
  const id = thread === null ? null : parseProposalId(thread);
  const proposal = id ? await deps.alerts.proposal(id) : null;
  return proposal?.status === 'open' ? seedOfProposal(proposal) : {};
}
