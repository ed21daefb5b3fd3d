import { z } from 'zod';
import type { Alert, AlertStatus } from '../../domain/alert.ts';
import { readMoment } from '../../domain/moment.ts';
import { readSeverity } from '../../domain/severity.ts';
import { fingerprintOf } from './fingerprint.ts';

/** Labels and annotations are texts; what a template made of them otherwise is written out or left out. */
const texts = z
  .record(z.string(), z.unknown())
  .transform(all => Object.fromEntries(Object.entries(all).flatMap(([name, value]) => written(name, value))))
  .nullish()
  .transform(all => all ?? {});

const alert = z.object({
  status: z.string().optional(),
  labels: texts,
  annotations: texts,
  startsAt: z.union([z.string(), z.number()]).nullish(),
  endsAt: z.union([z.string(), z.number()]).nullish(),
  generatorURL: z.string().nullish(),
  /** Grafana's addition. */
  silenceURL: z.string().nullish(),
  fingerprint: z.string().min(1).max(200).nullish(),
});

/** Alertmanager's webhook body, versions 3 and 4, and the bare array that Prometheus sends. */
const body = z.union([
  z.array(alert).transform(alerts => ({ alerts, groupKey: null as unknown, truncatedAlerts: 0 })),
  z.object({
    alerts: z.array(alert),
    groupKey: z.unknown().optional(),
    truncatedAlerts: z.number().int().nonnegative().catch(0).optional(),
  }),
]);

/** What one body tells. */
export interface ToldAlerts {
  readonly alerts: readonly Alert[];
  /** Alerts of the group that the body leaves out: their state is not known. */
  readonly truncated: number;
}

const longest = { label: 1_000, labels: 100, summary: 500, url: 2_000 };
const serviceLabels = ['service', 'service_name', 'app', 'application', 'app_kubernetes_io_name'];
const environmentLabels = ['environment', 'env'];

/** Reads a parsed body of Alertmanager or Prometheus; null where it is none. Each alert counts by its own status, never by the group's. */
export function readAlerts(parsed: unknown, source: string, receivedAt: number): ToldAlerts | null {
  const read = body.safeParse(parsed);
  if (!read.success) return null;
  const { alerts, groupKey, truncatedAlerts } = read.data;
  const test = typeof groupKey === 'string' && groupKey.startsWith('test-');
  return {
    alerts: alerts.map(one => normalise(one, source, receivedAt, test)),
    truncated: truncatedAlerts ?? 0,
  };
}

function normalise(told: z.output<typeof alert>, source: string, receivedAt: number, test: boolean): Alert {
  const { labels, annotations } = told;
  const endsAt = readMoment(told.endsAt);
  const status = statusOf(told.status, endsAt, receivedAt);
  const rawSeverity = pick(labels, ['severity']) ?? pick(annotations, ['severity']) ?? priority(labels, annotations);
  const environment = pick(labels, environmentLabels);
  return {
    source,
    kind: test || (labels.alertname === 'TestAlert' && labels.instance === 'Grafana') ? 'test' : 'alert',
    status,
    fingerprint: told.fingerprint ?? fingerprintOf(labels),
    name: cut(labels.alertname ?? '', 200),
    severity: readSeverity(rawSeverity),
    rawSeverity,
    service: pick(labels, serviceLabels),
    environment,
    startsAt: readMoment(told.startsAt),
    endsAt: status === 'resolved' ? endsAt : null,
    summary: cut(
      pick(annotations, ['summary', 'message', 'description', 'title']) ?? labels.alertname ?? '',
      longest.summary,
    ),
    labels: Object.fromEntries(
      Object.entries(labels)
        .slice(0, longest.labels)
        .map(([name, value]) => [cut(name, 200), cut(value, longest.label)]),
    ),
    links: linksOf([...pages(annotations), told.generatorURL, told.silenceURL]),
  };
}

/** Without a status it is Prometheus itself: firing until `endsAt` has passed. */
function statusOf(said: string | undefined, endsAt: number | null, receivedAt: number): AlertStatus {
  if (said === 'firing' || said === 'resolved') return said;
  if (said !== undefined) return 'unknown';
  return endsAt !== null && endsAt <= receivedAt ? 'resolved' : 'firing';
}

/** A bare digit in a priority is P<digit>. */
function priority(...from: readonly Readonly<Record<string, string>>[]): string | null {
  const said = from.map(texts => pick(texts, ['priority'])).find(value => value !== null) ?? null;
  return said !== null && /^\d$/.test(said) ? `P${said}` : said;
}

function pick(from: Readonly<Record<string, string>>, names: readonly string[]): string | null {
  for (const name of names) {
    const value = Object.hasOwn(from, name) ? from[name]?.trim() : '';
    if (value) return value;
  }
  return null;
}

/** Runbooks and dashboards, under whatever names the annotations give them. */
function pages(annotations: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(annotations).flatMap(name =>
    /^(runbook|dashboard)/i.test(name) ? [annotations[name] ?? ''] : [],
  );
}

/** Only what a browser can follow: no other scheme, no template that was left as it is. */
function linksOf(texts: readonly (string | null | undefined)[]): readonly string[] {
  const urls = texts.filter(
    text => typeof text === 'string' && text.length <= longest.url && /^https?:\/\/[^\s{}]+$/i.test(text),
  );
  return [...new Set(urls as string[])].filter(url => URL.canParse(url)).slice(0, 10);
}

function written(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value === 'string') return [[name, value]];
  return typeof value === 'number' || typeof value === 'boolean' ? [[name, String(value)]] : [];
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1).toWellFormed()}…` : text;
}
