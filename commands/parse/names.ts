import { closest, distance } from 'fastest-levenshtein';
import type { Catalogue, Service, TargetSpec } from '../../src/domain/catalogue.ts';
import { type Reason, reason } from '../../src/domain/reason.ts';
import { environmentWords } from './words.ts';

/** A name looked up: the thing, or why it is not one. */
export type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: Reason };

/** Names near to what was typed, nearest first, at most five: offered, never taken. */
export function nearest(typed: string, names: readonly string[]): readonly string[] {
  const wanted = fold(typed);
  const far = Math.max(2, Math.floor(wanted.length / 2));
  const near = [...new Set(names)]
    .map(name => ({ name, away: contains(wanted, fold(name)) ? 1 : distance(wanted, fold(name)) }))
    .filter(({ away, name }) => away <= far && away < Math.max(wanted.length, name.length))
    .sort((a, b) => a.away - b.away || a.name.localeCompare(b.name));
  return near.slice(0, 5).map(({ name }) => name);
}

/** The word of a small vocabulary nearest to what was typed, as a list of one; empty where none is near. */
export function nearestWord(typed: string, words: readonly string[]): readonly string[] {
  const word = words.length > 0 ? closest(fold(typed), [...words]) : null;
  return word !== null && distance(fold(typed), word) <= 2 ? [word] : [];
}

/** Finds a service by name or alias, whatever the case; never by likeness. */
export function findService(catalogue: Catalogue, typed: string): Found<Service> {
  const services = Object.values(catalogue.services);
  const exact = services.find(service => service.name === typed || service.aliases.includes(typed));
  const folded = services.filter(service =>
    [service.name, ...service.aliases].some(name => fold(name) === fold(typed)),
  );
  const found = exact ?? (folded.length === 1 ? folded[0] : undefined);
  if (found) return { ok: true, value: found };
  const known = nearest(typed, serviceNames(catalogue));
  const names = known.length > 0 || services.length > 8 ? known : services.map(service => service.name).sort();
  return { ok: false, reason: reason('unknown-service', { name: typed, nearest: names }) };
}

/** Finds a target of a service by its environment's name or a common word for it that fits exactly one. */
export function findTarget(service: Service, typed: string): Found<TargetSpec> {
  const targets = Object.values(service.environments);
  const same = targets.filter(target => fold(target.environment) === fold(typed));
  const words = environmentWords.find(group => group.includes(fold(typed))) ?? [];
  const alike = targets.filter(target => words.includes(fold(target.environment)));
  const found = targets.find(target => target.environment === typed) ?? only(same) ?? only(alike);
  if (found) return { ok: true, value: found };
  const environments = targets.map(({ environment }) => environment);
  const facts = { service: service.name, name: typed, environments, nearest: nearest(typed, environments) };
  return { ok: false, reason: reason('unknown-environment', facts) };
}

/** The only target of a service; null where there are several (or none) to choose from. */
export function soleTarget(service: Service): TargetSpec | null {
  return only(Object.values(service.environments)) ?? null;
}

/** Every name a service answers to. */
export function serviceNames(catalogue: Catalogue): readonly string[] {
  return Object.values(catalogue.services).flatMap(service => [service.name, ...service.aliases]);
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}

function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function contains(a: string, b: string): boolean {
  return (a.length >= 3 && b.includes(a)) || (b.length >= 3 && a.includes(b));
}
