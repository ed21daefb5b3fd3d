import type { Catalogue, TargetSpec } from '../domain/catalogue.ts';

const spellings: Readonly<Record<string, readonly string[]>> = {
  production: ['prod', 'production', 'prd', 'live', '生产', '线上'],
  staging: ['staging', 'stage', 'stg', 'preprod', 'pre-prod', 'uat', '预发'],
  dev: ['dev', 'development', '开发'],
  test: ['test', 'testing', 'qa', '测试'],
};

/** One spelling for each environment; what is not known is lower-cased. Null is never production. */
export function environmentName(said: string | null): string | null {
  const name = said?.trim().toLowerCase();
  if (!name) return null;
  return Object.keys(spellings).find(known => spellings[known]?.includes(name)) ?? name;
}

/** The target that a service and an environment of the outside mean: by name or alias; null where either is unknown or unsaid. */
export function targetFor(catalogue: Catalogue, service: string | null, environment: string | null): TargetSpec | null {
  const wanted = service?.trim().toLowerCase();
  const place = environmentName(environment);
  if (!wanted || !place) return null;
  const found = Object.values(catalogue.services).find(
    one => one.name.toLowerCase() === wanted || one.aliases.some(alias => alias.toLowerCase() === wanted),
  );
  const environments = Object.values(found?.environments ?? {});
  return (
    environments.find(one => one.environment.toLowerCase() === environment?.trim().toLowerCase()) ??
    environments.find(one => environmentName(one.environment) === place) ??
    null
  );
}
