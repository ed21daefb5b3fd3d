import type { Reason } from '../src/domain/reason.ts';
import type { Reply, TypedCommand } from '../src/ports/inbound.ts';
import type { DoorDeps } from './deps.ts';
import { openForm, seedOfThread } from './form.ts';
import type { Ask } from './parse/reading.ts';
import type { Part } from './parse.ts';
import { requestRollback } from './rollback.ts';
import type { Seed } from './seed.ts';
import { missingReason, notUnderstood } from './typed.ts';
import type { Visit } from './visit.ts';

/** `SERVICE … because …`: asks for a rollback; with parts missing the form opens filled in, or what is missing is said. */
export async function ask(deps: DoorDeps, visit: Visit, said: Ask, typed: TypedCommand): Promise<Reply> {
  const { target, reason, level, strategy, release, scenario, observe } = said;
  if (target && reason) {
    const wish = { target, reason, level, strategy, release, scenario, observe, proposal: null };
    return await requestRollback(deps, visit, wish, undefined);
  }
  const missing = missingOf(said);
  if (typed.visitor.via === 'cli') return notUnderstood(visit, missing);
  const empty = typed.text.trim() === '';
  const seed = empty ? await seedOfThread(deps, visit) : seedOf(said);
  return await openForm(deps, visit, seed, empty ? null : (missing[0] ?? null));
}

function missingOf(said: Ask): readonly Reason[] {
  const parts: readonly (Part | null)[] = [
    said.service ? null : 'service',
    said.service && !said.target ? 'environment' : null,
    said.reason ? null : 'reason',
  ];
  return parts.filter(part => part !== null).map(part => missingReason(part, said));
}

function seedOf({ service, target, level, strategy, release, scenario, reason }: Ask): Seed {
  return {
    service: service?.name,
    environment: target?.environment,
    level: level ?? undefined,
    strategy: strategy ?? undefined,
    release: release ?? undefined,
    scenario: scenario ?? undefined,
    reason: reason ?? undefined,
  };
}
