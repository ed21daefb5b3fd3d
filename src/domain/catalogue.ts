import type { ApprovalRule } from './approval.ts';
import { type PersonId, type TargetId, targetParts } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Level } from './level.ts';

/** The languages people read. */
export const locales = ['en', 'zh-CN'] as const;

/** A language people read. */
export type Locale = (typeof locales)[number];

/** One person, however they come in. */
export interface Person {
  readonly id: PersonId;
  readonly name: string;
  readonly slack: readonly string[];
  readonly mail: string | null;
  /** Operating-system account names. */
  readonly os: readonly string[];
  readonly locale: Locale | null;
}

/** A named set of people: listed ones and the members of Slack user groups. */
export interface Role {
  readonly name: string;
  readonly people: readonly PersonId[];
  readonly slackGroups: readonly string[];
}

/** What a role may be allowed to do besides voting. */
export const permissions = ['request', 'cancel', 'resolve', 'undo', 'grade', 'hold', 'freeze', 'reload'] as const;

/** What a role may be allowed to do besides voting. */
export type Permission = (typeof permissions)[number];

/** Where a secret lies; its value is read when needed and never stored. */
export type SecretRef = { readonly env: string } | { readonly file: string };

/** One typed step of a runbook: the executor's kind and its validated input. */
export interface StepSpec {
  readonly kind: string;
  readonly title: string | null;
  readonly input: JsonObject;
  readonly timeoutMs: number;
}

/** One check: its kind and validated input. */
export interface CheckSpec {
  readonly id: string;
  readonly title: string;
  readonly kind: string;
  readonly input: JsonObject;
  readonly timeoutMs: number;
}

/** Ordered steps for one level or strategy of a target. */
export interface Runbook {
  readonly id: string;
  readonly level: Level;
  readonly strategy: string;
  readonly title: string;
  /** Scenarios it is allowed for; null means all. */
  readonly scenarios: readonly string[] | null;
  readonly steps: readonly StepSpec[];
  readonly checks: readonly CheckSpec[];
  readonly onFailure: 'needs-operator' | 'compensate';
  readonly rtoMs: number;
}

/** One target: a service in one environment. */
export interface TargetSpec {
  readonly target: TargetId;
  readonly service: string;
  readonly environment: string;
  readonly mode: 'observe' | 'act';
  /** Slack channel id where its runs are told. */
  readonly channel: string;
  readonly locale: Locale;
  /** The worker its host-local steps live on; null where any worker will do. */
  readonly runsOn: string | null;
  /** What shows which release is live; null where nothing can. */
  readonly releaseSource: { readonly kind: string; readonly input: JsonObject } | null;
  readonly soakMs: number;
  /** How far back a deployment counts as the likely cause of an alert, in ms. */
  readonly lookBackMs: number;
  /** Checks of every run of this target, before the runbook's own. */
  readonly checks: readonly CheckSpec[];
  readonly runbooks: readonly Runbook[];
}

/**
 * The strategy of a target's emergency plan, for when a rollback itself failed: taken only where a person names it or presses its
 * button, never suggested.
 */
export const emergencyStrategy = 'emergency';

/** The emergency plan of a target, whatever scenario it is for; null where its catalogue has none. */
export function emergencyPlan(catalogue: Catalogue, target: TargetId): Runbook | null {
  const { service, environment } = targetParts(target);
  const services = new Map(Object.entries(catalogue.services));
  const environments = new Map(Object.entries(services.get(service)?.environments ?? {}));
  const runbooks = environments.get(environment)?.runbooks ?? [];
  return runbooks.find(({ strategy }) => strategy === emergencyStrategy) ?? null;
}

/** A service with its targets by environment. */
export interface Service {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly owners: string | null;
  readonly environments: Readonly<Record<string, TargetSpec>>;
}

/** An approval rule with where it applies; the first that fits is taken; null means any. */
export interface ScopedRule extends ApprovalRule {
  readonly services: readonly string[] | null;
  readonly environments: readonly string[] | null;
  readonly levels: readonly Level[] | null;
  readonly scenarios: readonly string[] | null;
}

/** A webhook door: up to two secrets valid at once, so that they can be changed without a gap. */
export interface HookSpec {
  readonly name: string;
  readonly secrets: readonly SecretRef[];
}

/** Rollback as code: the whole of `backout.yaml`, validated, JSON-safe, stored under its hash. */
export interface Catalogue {
  readonly hash: string;
  readonly locale: Locale;
  readonly people: readonly Person[];
  readonly roles: Readonly<Record<string, Role>>;
  /** Roles that hold each permission; `everyone` stands for every full member. */
  readonly permissions: Readonly<Record<Permission, readonly string[]>>;
  readonly scenarios: readonly string[];
  readonly rules: readonly ScopedRule[];
  /** Where messages go that find no channel of their own. */
  readonly opsChannel: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly hooks: { readonly alertmanager: readonly HookSpec[]; readonly deployments: readonly HookSpec[] };
}

/** The role name that stands for every full member of the workspace and every listed person. */
export const everyone = 'everyone';
