import { z } from 'zod';
import { locales, permissions } from '../domain/catalogue.ts';
import { parseDuration } from '../domain/duration.ts';

const durationHint = 'should be a duration such as `90s`, `10m`, `1h30m` or `2d`';

const duration = z
  .string({ error: durationHint })
  .transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null) return ms;
    context.addIssue({ code: 'custom', message: durationHint });
    return z.NEVER;
  })
  .meta({ description: 'A duration: 90s, 10m, 1h30m, 2d' });

/** Names of services, environments and runbooks: letters of any script, digits, `.`, `_`, `-`. */
const name = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u, 'should be a name: letters, digits, `.`, `_`, `-`');
const key = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'should be a lower-case name: letters, digits, `.`, `_`, `-`');
const names = z.array(name);
const level = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)], {
  error: 'should be a level: 1 (flag), 2 (config), 3 (code) or 4 (data)',
});
const text = z.string().min(1, 'should not be empty').max(500, 'should be at most 500 characters');

const oneOrMore = (pattern: RegExp, what: string) =>
  z.union([z.string().regex(pattern), z.array(z.string().regex(pattern))], {
    error: `should be ${what}, or a list of them`,
  });

const person = z
  .strictObject({
    name: text.optional(),
    slack: oneOrMore(/^[UW][A-Z0-9]{2,}$/, 'a Slack user id such as `U024BE7LH`').optional(),
    mail: z.email('should be a mail address').optional(),
    os: oneOrMore(/^[a-z_][a-z0-9_.-]{0,31}\$?$/i, 'the name of an operating-system account').optional(),
    locale: z.enum(locales).optional(),
  })
  .meta({ description: 'One person, however they come in: Slack users, mail, accounts of the operating system' });

const secretHint = 'should be a reference to a secret, `{ env: NAME }` or `{ file: PATH }`, never the secret itself';

/** Where a secret lies, as it is written in the catalogue. */
const secretRef = z.union(
  [z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }), z.strictObject({ file: z.string().min(1) })],
  { error: secretHint },
);

const hook = z.strictObject({
  secrets: z
    .array(secretRef, { error: 'should be a list of one or two references to secrets' })
    .min(1, 'should name a secret')
    .max(2, 'should name at most two secrets: the one in use and the next one'),
});

const approval = z.strictObject({
  name: name,
  services: names.optional(),
  environments: names.optional(),
  levels: z.array(level).optional(),
  scenarios: names.optional(),
  seats: z
    .record(
      z.string(),
      z.int('should be a whole number').min(1, 'should be at least 1').max(20, 'should be at most 20'),
    )
    .meta({ description: 'How many people of which role must say yes; {} where nobody is asked' }),
  requester: z.enum(['excluded', 'allowed']).default('excluded'),
  within: duration.prefault('10m'),
  remind: duration.optional(),
});

/** A step as it is written: one kind and its input, with optional siblings. Which kinds there are, the tables say. */
const stepLeaf = z
  .record(z.string(), z.unknown(), { error: 'should be a step, such as `- pm2.reload: {}`' })
  .meta({ id: 'step' });
/** A check as it is written. */
const checkLeaf = z
  .record(z.string(), z.unknown(), { error: 'should be a check, such as `- http: { url: … }`' })
  .meta({ id: 'check' });
/** A release source as it is written. */
const sourceLeaf = z
  .union([z.string(), z.record(z.string(), z.unknown())], {
    error: 'should be a release source, such as `git.branch: { … }`',
  })
  .meta({ id: 'source' });

const runbook = z
  .strictObject({
    level,
    strategy: name.optional(),
    title: text.optional(),
    scenarios: names.optional(),
    rto: duration.optional(),
    onFailure: z.enum(['needs-operator', 'compensate']).default('needs-operator'),
    steps: z.array(stepLeaf, { error: 'should be a list of steps' }).min(1, 'should have at least one step'),
    checks: z.array(checkLeaf, { error: 'should be a list of checks' }).default([]),
  })
  .meta({ description: 'Ordered steps for one level or strategy' });

const layer = {
  mode: z.enum(['observe', 'act']).optional(),
  channel: z.string().optional(),
  locale: z.enum(locales).optional(),
  runsOn: name.optional(),
  target: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .optional()
    .meta({ description: 'By vendor: goes into every step, check and release source of that vendor' }),
  releases: z
    .strictObject({ source: sourceLeaf.optional(), soak: duration.optional(), lookBack: duration.optional() })
    .optional(),
  rto: duration.optional(),
  checks: z.array(checkLeaf, { error: 'should be a list of checks' }).optional(),
  runbooks: z.record(name, runbook).optional(),
};

/** What defaults, a service and an environment may each say; the nearest wins. */
const layerSchema = z.strictObject(layer);

/** What a layer says. */
export type Layer = z.output<typeof layerSchema>;

const service = z.strictObject({
  aliases: z.array(name).default([]),
  owners: z.string().optional(),
  ...layer,
  environments: z
    .record(
      name,
      z.preprocess(value => value ?? {}, layerSchema),
    )
    .refine(all => Object.keys(all).length > 0, 'should name at least one environment'),
});

const hooks = z.record(key, hook).default({});

/** The whole of `backout.yaml`. */
export const fileSchema = z.strictObject({
  locale: z.enum(locales).default('en'),
  channels: z.record(key, z.string().regex(/^[CG][A-Z0-9]{2,}$/, 'should be a Slack channel id such as `C024BE91L`')),
  opsChannel: z.string().default('ops'),
  people: z.record(key, person),
  roles: z.record(key, z.array(z.string(), { error: 'should be a list of people and Slack user group ids' })),
  permissions: z.strictObject(
    Object.fromEntries(['default', ...permissions].map(one => [one, z.array(z.string()).optional()])),
  ),
  scenarios: names.default([]),
  approvals: z.array(approval, { error: 'should be a list of approval rules' }),
  hooks: z.strictObject({ alertmanager: hooks, deployments: hooks }).prefault({}),
  checklists: z.record(key, z.record(key, text)).default({}),
  defaults: layerSchema.prefault({}),
  services: z.record(name, service),
});

/** The file as read. */
export type CatalogueFile = z.output<typeof fileSchema>;
