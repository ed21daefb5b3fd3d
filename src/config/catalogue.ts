import type { Catalogue, HookSpec } from '../domain/catalogue.ts';
import type { Json } from '../domain/json.ts';
import { hashOf } from './canonical.ts';
import { readDocument } from './document.ts';
import { type CatalogueFile, fileSchema } from './file-schema.ts';
import { reportIssues } from './issues.ts';
import { readPeople, readPermissions, readRoles } from './people.ts';
import { type Problem, type Reporter, reporter } from './problem.ts';
import { checkCoverage, readRules, readScenarios } from './rules.ts';
import { type Salvage, salvage } from './salvage.ts';
import { type CatalogueTables, writtenSchema } from './tables.ts';
import { readChannel, readServices } from './targets.ts';

/** A catalogue, or everything that is wrong with its file, in the order of the text. */
export type ReadCatalogue =
  | { readonly ok: true; readonly catalogue: Catalogue; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a `backout.yaml`; `file` is the name problems are told under. Never throws. */
export function readCatalogue(tables: CatalogueTables, text: string, file: string): ReadCatalogue {
  const document = readDocument(text, file);
  if (!document.ok) return document;
  const problems: Problem[] = [];
  const report = reporter(file, document.locate, problems);
  if (document.value === null || typeof document.value !== 'object' || Array.isArray(document.value)) {
    report.error([], 'the file should be a map with `services`, `people`, `roles` and so on');
    return { ok: false, problems };
  }
  const read = fileSchema.safeParse(document.value);
  if (!read.success) {
    const place = { base: [], value: document.value, schema: writtenSchema(fileSchema) };
    reportIssues(read.error.issues, place, report);
    const rest = salvage(structuredClone(document.value) as Record<string, unknown>, read.error.issues);
    if (rest) checkRest(tables, rest, report);
    return { ok: false, problems: problems.sort(byPlace) };
  }
  const catalogue = compile(tables, read.data, report);
  problems.sort(byPlace);
  if (problems.some(problem => problem.severity === 'error')) return { ok: false, problems };
  return { ok: true, catalogue, warnings: problems };
}

/** Tells what else is wrong with a damaged file, as far as the damage cannot be the cause. */
function checkRest(tables: CatalogueTables, { file, damaged }: Salvage, report: Reporter): void {
  const whole = (...sections: readonly string[]) => sections.every(section => !damaged.has(section));
  if (whole('people', 'roles')) readRoles(file, report);
  if (whole('people')) readPeople(file, report);
  if (whole('roles', 'permissions')) readPermissions(file, report);
  if (whole('roles', 'services', 'approvals', 'scenarios')) readRules(file, readRoles(file, report), report);
  if (whole('roles', 'channels', 'scenarios', 'checklists')) readServices(tables, file, report, true);
}

function byPlace(one: Problem, other: Problem): number {
  return one.line - other.line || one.column - other.column;
}

function compile(tables: CatalogueTables, file: CatalogueFile, report: Reporter): Catalogue {
  const roles = readRoles(file, report);
  const rules = readRules(file, roles, report);
  const services = readServices(tables, file, report);
  const scenarios = readScenarios(file);
  checkCoverage(services, rules, scenarios, report);
  const body: Omit<Catalogue, 'hash'> = {
    locale: file.locale,
    people: readPeople(file, report),
    roles,
    permissions: readPermissions(file, report),
    scenarios,
    rules,
    opsChannel: readChannel({ value: file.opsChannel, path: ['opsChannel'] }, file, report),
    services,
    hooks: { alertmanager: hooksOf(file.hooks.alertmanager), deployments: hooksOf(file.hooks.deployments) },
  };
  return { hash: hashOf(body as unknown as Json), ...body };
}

function hooksOf(hooks: CatalogueFile['hooks']['alertmanager']): readonly HookSpec[] {
  return Object.entries(hooks).map(([name, { secrets }]) => ({ name, secrets }));
}
