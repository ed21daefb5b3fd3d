import { type Catalogue, everyone, type TargetSpec } from '../../src/domain/catalogue.ts';
import { personId, targetId } from '../../src/domain/ids.ts';
import { scenarios } from '../../src/domain/scenario.ts';

/** A target of the tests' catalogue with one runbook for configuration and one for code. */
export function target(service: string, environment: string, over: Partial<TargetSpec> = {}): TargetSpec {
  const runbook = {
    strategy: 'immediate',
    scenarios: null,
    steps: [],
    checks: [],
    onFailure: 'needs-operator' as const,
    rtoMs: 900_000,
  };
  return {
    target: targetId(service, environment),
    service,
    environment,
    mode: 'act',
    channel: 'C000000001',
    locale: 'en',
    runsOn: null,
    releaseSource: null,
    soakMs: 3_600_000,
    lookBackMs: 7_200_000,
    checks: [],
    runbooks: [
      { ...runbook, id: 'config', level: 2, title: 'Configuration' },
      { ...runbook, id: 'code', level: 3, title: 'Code' },
    ],
    ...over,
  };
}

function service(name: string, aliases: readonly string[], targets: readonly TargetSpec[]) {
  return {
    name,
    aliases,
    owners: 'owners',
    environments: Object.fromEntries(targets.map(item => [item.environment, item])),
  };
}

/** People of the tests by key; their Slack ids and accounts are made from the key where none are given. */
export function person(
  key: string,
  slack: readonly string[] = [`U${key.toUpperCase()}`],
  os: readonly string[] = [key],
) {
  return { id: personId(key), name: key[0]?.toUpperCase() + key.slice(1), slack, mail: null, os, locale: null };
}

/** A small catalogue: five services, Mara who asks, Jon and Lee on call, Dana who administers. */
export function testCatalogue(over: Partial<Catalogue> = {}): Catalogue {
  const ops = ['admins'];
  return {
    hash: 'catalogue-1',
    locale: 'en',
    people: ['mara', 'jon', 'lee', 'dana'].map(key => person(key)),
    roles: {
      'sre-oncall': { name: 'sre-oncall', people: ['jon', 'lee'].map(personId), slackGroups: [] },
      owners: { name: 'owners', people: ['mara'].map(personId), slackGroups: [] },
      admins: { name: 'admins', people: ['dana'].map(personId), slackGroups: [] },
    },
    permissions: {
      request: ['owners', 'sre-oncall', 'admins'],
      cancel: ['sre-oncall'],
      resolve: ['sre-oncall'],
      undo: ['sre-oncall'],
      grade: ['owners'],
      hold: ['owners'],
      freeze: ops,
      reload: ops,
    },
    scenarios,
    rules: [
      {
        name: 'production',
        seats: [{ role: 'sre-oncall', count: 1 }],
        requesterExcluded: true,
        withinMs: 600_000,
        remindBeforeMs: 180_000,
        services: null,
        environments: null,
        levels: null,
        scenarios: null,
      },
    ],
    opsChannel: 'C000000002',
    services: {
      'checkout-api': service(
        'checkout-api',
        ['checkout'],
        [target('checkout-api', 'production'), target('checkout-api', 'staging')],
      ),
      'api.example.com': service('api.example.com', [], [target('api.example.com', 'production')]),
      orders: service('orders', ['订单服务'], [target('orders', 'prod'), target('orders', 'staging')]),
      'cart-web': service('cart-web', [], [target('cart-web', 'production')]),
      status: service('status', [], [target('status', 'production', { mode: 'observe' })]),
    },
    hooks: { alertmanager: [], deployments: [] },
    ...over,
  };
}

/** The role that stands for every member, for catalogues that open a permission to all. */
export const all: readonly string[] = [everyone];
