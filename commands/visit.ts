import { type Member, memberActor, recognise, refusePermission } from '../src/approve/identity.ts';
import type { Catalogue, Locale, Permission } from '../src/domain/catalogue.ts';
import type { Actor } from '../src/domain/person.ts';
import { Refusal, reason } from '../src/domain/reason.ts';
import type { RunWithLog } from '../src/domain/run.ts';
import type { Screen } from '../src/domain/screen.ts';
import type { Visitor } from '../src/ports/inbound.ts';
import type { DoorDeps } from './deps.ts';

/** One act of one recognised person: who, in which language, where, and by when they must have an answer. */
export interface Visit {
  readonly visitor: Visitor;
  readonly member: Member;
  readonly actor: Actor & { kind: 'person' };
  /** Today's. */
  readonly catalogue: Catalogue;
  readonly locale: Locale;
  readonly channel: string | null;
  readonly thread: string | null;
  readonly requestId: string;
  readonly canOpenForm: boolean;
  /** The run that the pressed button names, as it stood when they came. */
  readonly seen: RunWithLog | null;
  /** When they came, epoch ms by the store's clock. */
  readonly cameAt: number;
  /** Epoch ms by the store's clock; nothing may be begun for this visit after it. */
  readonly answerBy: number;
}

/** What every act at the door brings along; a form has no place, a select no deadline. */
export interface Act {
  readonly visitor: Visitor;
  readonly channel?: string | null;
  readonly thread?: string | null;
  readonly requestId?: string;
  readonly canOpenForm?: boolean;
  readonly answerBy?: number;
  readonly fresh?: Promise<boolean>;
}

/** Today's catalogue; refused where none is in force. */
export async function currentCatalogue(deps: Pick<DoorDeps, 'catalogues'>): Promise<Catalogue> {
  const catalogue = await deps.catalogues.current();
  if (!catalogue) throw new Refusal(reason('catalogue-invalid'));
  return catalogue;
}

/** When an act arrived, in epoch ms by the door's own clock and by the store's. */
export interface Arrival {
  readonly here: number;
  readonly store: number;
}

/** Notes the time of an arrival by both clocks. */
export async function arrive(deps: Pick<DoorDeps, 'clock' | 'runs'>): Promise<Arrival> {
  const here = deps.clock.now();
  return { here, store: await deps.runs.now() };
}

/** What an act is judged by besides itself. */
export interface Admission {
  readonly catalogue: Catalogue;
  readonly locale: Locale;
  readonly arrival: Arrival;
  readonly seen: RunWithLog | null;
}

/** Lets a person in: recognised at this very moment, or a `Refusal`. */
export async function admit(deps: DoorDeps, act: Act, admission: Admission): Promise<Visit> {
  const { catalogue, locale, arrival, seen } = admission;
  const found = await recognise(deps, catalogue, act.visitor);
  if (found.kind === 'refused') throw new Refusal(found.reason);
  const { member } = found;
  return {
    visitor: act.visitor,
    member,
    actor: memberActor(member),
    catalogue,
    locale,
    channel: act.channel ?? null,
    thread: act.thread ?? null,
    requestId: act.requestId ?? '',
    canOpenForm: act.canOpenForm ?? false,
    seen,
    cameAt: arrival.store,
    // The door counts by its own clock; the store judges by the server's, and the two may differ.
    answerBy: arrival.store + (act.answerBy ?? arrival.here) - arrival.here,
  };
}

/** Refuses somebody at a terminal whose account the catalogue does not list. */
export function mustBeListed(visit: Visit): void {
  if (visit.visitor.via === 'cli' && !visit.member.full)
    throw new Refusal(reason('not-a-person', { name: visit.visitor.account }));
}

/** Refuses a person who does not hold a permission. */
export async function mustHold(deps: DoorDeps, visit: Visit, permission: Permission): Promise<void> {
  const refused = await refusePermission(deps, visit.catalogue, visit.member, permission);
  if (refused) throw new Refusal(refused);
}

/** The language of somebody who may not be recognised yet: their own, else Slack's, else the catalogue's; never throws. */
export async function languageOf(
  deps: Pick<DoorDeps, 'directory'>,
  visitor: Visitor,
  catalogue: Catalogue | null,
): Promise<Locale> {
  const mine = catalogue?.people.find(person =>
    visitor.via === 'slack' ? person.slack.includes(visitor.user) : person.os.includes(visitor.account),
  )?.locale;
  if (mine) return mine;
  const user = visitor.via === 'slack' ? await deps.directory.user(visitor.user).catch(() => null) : null;
  if (user?.locale) return user.locale.startsWith('zh') ? 'zh-CN' : 'en';
  return catalogue?.locale ?? 'en';
}

/** Puts several screens under one another. */
export function together(screens: readonly Screen[]): Screen {
  return { text: screens.map(({ text }) => text).join('\n'), blocks: screens.flatMap(({ blocks }) => blocks) };
}
