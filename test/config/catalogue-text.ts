import { z } from 'zod';
import { claimsTemplate } from '../../src/adapters/kubernetes/input.ts';
import type { CatalogueTables, KindEntry } from '../../src/config/tables.ts';
import type { JsonObject } from '../../src/domain/json.ts';
import { levelChecklists } from '../../templates/checklists/index.ts';

function kind(name: string, input: z.ZodType, hostLocal = false): KindEntry {
  return { kind: name, input: input as z.ZodType<JsonObject>, summary: `${name} for the tests`, hostLocal };
}

const deployment = { namespace: z.string(), deployment: z.string(), container: z.string().optional() };

/** A small set of kinds with the shapes that matter: strict, plain, nested, unions. */
export const tables: CatalogueTables = {
  executors: [
    {
      ...kind('kubernetes.set-env', z.strictObject({ ...deployment, set: z.record(z.string(), z.string()) })),
      claims: claimsTemplate,
    },
    { ...kind('kubernetes.rollout-undo', z.object(deployment)), claims: claimsTemplate },
    kind('helm.rollback', z.object({ namespace: z.string(), release: z.string() })),
    kind('pm2.reload', z.strictObject({ app: z.string() }), true),
    kind(
      'command',
      z.strictObject({
        argv: z.array(z.string()).min(1),
        idempotent: z.boolean().default(false),
        secrets: z
          .strictObject({ token: z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })]) })
          .optional(),
      }),
    ),
  ],
  checks: [
    kind(
      'http',
      z.strictObject({
        url: z.url(),
        status: z.int().default(200),
        expect: z.strictObject({ body: z.string() }).optional(),
      }),
    ),
    kind('kubernetes.rollout', z.object(deployment)),
    kind('manual', z.strictObject({})),
  ],
  releaseSources: [
    kind('kubernetes.deployment', z.object(deployment)),
    kind('git.branch', z.strictObject({ branch: z.string() }), true),
  ],
  checklists: levelChecklists,
};

/** A catalogue as a small team writes it. */
export const good = `locale: en
channels: { ops: C0OPS, checkout: C0CHECKOUT }
people:
  mara: { name: Mara Lind, slack: U0MARA, os: mara }
  jon: { slack: [U0JON, W0JON], os: jon, locale: zh-CN }
roles:
  sre: [mara, jon]
  oncall: [S0ONCALL]
permissions:
  default: [sre]
  request: [everyone]
approvals:
  - name: production
    environments: [production]
    seats: { sre: 1 }
    within: 10m
  - name: elsewhere
    seats: {}
hooks:
  alertmanager:
    main: { secrets: [{ env: HOOK_SECRET }] }
services:
  checkout-api:
    aliases: [checkout, 结算]
    owners: sre
    channel: checkout
    target:
      kubernetes: { namespace: shop, deployment: checkout-api }
    releases: { source: kubernetes.deployment, soak: 30m }
    checks:
      - http: { url: 'https://checkout.example.com/health' }
    environments:
      production: { mode: act }
      staging:
        target: { kubernetes: { namespace: staging } }
    runbooks:
      flag:
        level: 1
        steps:
          - kubernetes.set-env: { set: { NEW_CACHE: 'false' } }
            title: Switch the new cache off
            timeout: 2m
      back:
        level: 3
        rto: 20m
        steps:
          - kubernetes.rollout-undo: {}
        checks:
          - kubernetes.rollout:
          - checklist: level-3
            automatic:
              endpoints: { http: { url: 'https://checkout.example.com/api' } }
            without: [commit]
`;

/** The good catalogue with one part replaced; throws where the part is not there, so that a row cannot test nothing. */
export function changed(from: string, to: string): string {
  if (!good.includes(from)) throw new Error(`the text does not hold: ${from}`);
  return good.replace(from, to);
}
