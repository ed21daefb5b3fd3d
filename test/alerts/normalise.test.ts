import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/adapters/alertmanager/fingerprint.ts';
import { readAlerts } from '../../src/adapters/alertmanager/normalise.ts';
import { readDeployment } from '../../src/adapters/deployments/normalise.ts';
import { environmentName } from '../../src/detect/environment.ts';
import { readMoment } from '../../src/domain/moment.ts';
import { readSeverity } from '../../src/domain/severity.ts';

interface ExpectedEvent {
  readonly alertName: string | null;
  readonly service: string | null;
  readonly environment: string | null;
  readonly severity: string;
  readonly severityRaw: string | null;
  readonly status: string;
  readonly startsAt: string | null;
  readonly endsAt: string | null;
  readonly fingerprint: string;
  readonly links: Readonly<Record<string, string>>;
}

interface Expected {
  readonly file: string;
  readonly kind: string;
  readonly now?: string;
  readonly events: readonly ExpectedEvent[];
  readonly truncated?: number;
}

const folder = join(import.meta.dirname, '../fixtures/alerts');
const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const samples = (read('expected.json') as Expected[]).filter(({ file }) => !file.startsWith('generic'));
const later = Date.parse('2026-11-21T02:30:00Z');

describe('bodies of Alertmanager and Prometheus', () => {
  it.each(samples)('$file', ({ file, kind, now, events, truncated }) => {
    const told = readAlerts(read(file), 'main', now ? Date.parse(now) : later);
    expect(told?.truncated).toBe(truncated ?? 0);
    const found = told?.alerts.map(alert => ({
      alertName: alert.name || null,
      service: alert.service,
      environment: environmentName(alert.environment),
      severity: alert.severity,
      severityRaw: alert.rawSeverity,
      status: alert.status,
      startsAt: alert.startsAt === null ? null : new Date(alert.startsAt).toISOString(),
      endsAt: alert.endsAt === null ? null : new Date(alert.endsAt).toISOString(),
      fingerprint: alert.fingerprint,
    }));
    const hard = events.map(
      ({ alertName, service, environment, severity, severityRaw, status, startsAt, endsAt, fingerprint }) => {
        return { alertName, service, environment, severity, severityRaw, status, startsAt, endsAt, fingerprint };
      },
    );
    expect(found).toEqual(hard);
    expect(told?.alerts.every(alert => alert.kind === (kind === 'test' ? 'test' : 'alert'))).toBe(true);
    for (const [at, alert] of (told?.alerts ?? []).entries()) {
      expect(alert.links.toSorted()).toEqual(
        Object.values(events[at]?.links ?? {})
          .filter(link => /^https?:[^{}]+$/.test(link))
          .toSorted(),
      );
      expect(JSON.stringify(alert).length).toBeLessThan(10_000);
    }
  });

  it('computes the fingerprint that Alertmanager computes, whatever the script', () => {
    for (const { file } of samples.filter(sample => /^alertmanager-(1|3|5|7|9|13|15|17|19)\.json$/.test(sample.file))) {
      const { alerts } = read(file) as { alerts: { labels: Record<string, string>; fingerprint: string }[] };
      for (const { labels, fingerprint } of alerts) expect(fingerprintOf(labels)).toBe(fingerprint);
    }
  });

  it.each([
    ['null', null],
    ['a text', 'firing'],
    ['a map without alerts', { status: 'firing' }],
    ['alerts that are null', { alerts: null }],
    ['alerts that are texts', { alerts: ['a'] }],
    ['labels that are a list of lists', { alerts: [{ labels: 3 }] }],
  ])('%s is none', (_what, value) => expect(readAlerts(value, 'main', later)).toBeNull());

  it('survives ten thousand alerts and odd keys', () => {
    const odd = JSON.parse(
      '{"status":"firing","labels":{"__proto__":"x","constructor":"y","service":"shop","n":3,"o":{}}}',
    );
    const told = readAlerts({ alerts: Array.from({ length: 10_000 }, () => odd) }, 'main', later);
    expect(told?.alerts.length).toBe(10_000);
    expect(told?.alerts[0]).toMatchObject({ service: 'shop', kind: 'alert' });
  });

  it('never throws', () => {
    const property = fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (value, labels) => {
      readAlerts(value, 'main', later);
      readAlerts({ alerts: [{ labels, annotations: value, startsAt: value, status: value }] }, 'main', later);
      readDeployment(value, later);
    });
    fc.assert(property, { numRuns: 300 });
  });
});

describe('deployments', () => {
  it('generic-1.json', () => {
    expect(readDeployment(read('generic-1.json'), later)).toEqual({
      service: 'checkout',
      environment: 'production',
      status: 'succeeded',
      version: 'v1.42.0',
      identity: {
        commit: '279484c09fbe69ededfced8c1bb6e6d24616b468',
        image: 'ghcr.io/acme/checkout@sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427',
      },
      key: expect.stringMatching(/^deployment:[0-9a-f]{24}$/),
      by: 'alice',
      at: Date.parse('2026-11-21T01:31:12Z'),
      url: 'https://ci.example.com/acme/checkout/4711',
    });
  });

  it.each([
    ['nothing that names the release', { service: 'a', environment: 'b', status: 'succeeded' }],
    ['an unknown status', { service: 'a', environment: 'b', status: 'perhaps', version: '1' }],
    ['no environment', { service: 'a', status: 'succeeded', version: '1' }],
    ['a status of the prototype', { service: 'a', environment: 'b', status: 'constructor', version: '1' }],
  ])('%s is none', (_what, value) => expect(readDeployment(value, later)).toBeNull());
});

describe('words', () => {
  it.each([
    ['2026-11-21T01:29:59.085Z', '2026-11-21T01:29:59.085Z'],
    ['2026-11-21T01:29:59.085123456+08:00', '2026-11-20T17:29:59.085Z'],
    ['2026-11-21 01:29:59 +0000', '2026-11-21T01:29:59.000Z'],
    ['2026-11-21T01:29:59', '2026-11-21T01:29:59.000Z'],
    [1_795_224_599, '2026-11-21T01:29:59.000Z'],
    [1_795_224_599_085, '2026-11-21T01:29:59.085Z'],
    [1_795_224_599_085_000, '2026-11-21T01:29:59.085Z'],
    ['1795224599085', '2026-11-21T01:29:59.085Z'],
    ['0001-01-01T00:00:00Z', null],
    ['1970-01-01T00:00:00Z', null],
    ['9999-12-31T23:59:59Z', null],
    ['tomorrow', null],
    [0, null],
    [null, null],
  ])('the time %s', (said, expected) => {
    const moment = readMoment(said);
    expect(moment === null ? null : new Date(moment).toISOString()).toBe(expected);
  });

  it.each([
    ['Critical', 'critical'],
    [' page ', 'critical'],
    ['error', 'warning'],
    ['P0', 'emergency'],
    ['none', 'info'],
    ['$SEVERITY', 'unknown'],
    ['', 'unknown'],
    [null, 'unknown'],
  ])('the severity %s', (said, expected) => expect(readSeverity(said)).toBe(expected));

  it.each([
    ['prod', 'production'],
    ['生产', 'production'],
    ['UAT', 'staging'],
    ['qa', 'test'],
    ['Canary', 'canary'],
    ['', null],
    [null, null],
  ])('the environment %s', (said, expected) => expect(environmentName(said)).toBe(expected));
});
