/** Who and where a starter catalogue is for; what is not known stays an example to fill in. */
export interface Starter {
  readonly service: string;
  readonly account: string;
  readonly slackUser: string | null;
  readonly channel: string | null;
}

/** The part of a new catalogue that says where, who and who decides; what is not known stays an example to fill in. */
export function peopleAndRules({ account, slackUser, channel }: Omit<Starter, 'service'>): string {
  return `# yaml-language-server: $schema=./backout.schema.json
#
# Rollback as code: what can be taken back, how, and who says yes.
#   backout check    tells everything that is wrong in here, with line and column
#   backout schema > backout.schema.json    makes editors complete it
# After a change: \`/rollback reload\` in Slack, or SIGHUP.

locale: en # or zh-CN

channels: # Slack channel ids, by names of your own
  ops: ${channel ?? 'C0123456789'}${channel ? '' : ' # fill in'}

people: # one person, however they come in
  ${account}:
    slack: ${slackUser ?? 'U0123456789'}${slackUser ? '' : ' # fill in'}
    os: ${account} # the account they use the command line with

roles: # people, and Slack user groups by id (S0123456789)
  operators: [${account}]

permissions: # who may do what besides voting
  default: [operators]
  request: [everyone]

approvals: # the first rule that fits decides
  - name: standard
    seats: { operators: 1 } # one of them says yes; {} asks nobody
    requester: allowed # \`excluded\` once there are two of you
    within: 10m
`;
}

/** The commented catalogue that `backout init` writes: valid as it is, in observe mode, with the first service to fill in. */
export function starterCatalogue(starter: Starter): string {
  const { service } = starter;
  return `${peopleAndRules(starter)}
# hooks: # where alerts and deployments come in; up to two secrets each, so that they can be changed without a gap
#   alertmanager:
#     main: { secrets: [{ env: ALERTMANAGER_SECRET }] } # POST /hooks/alertmanager/main
#   deployments:
#     ci: { secrets: [{ file: /etc/backout/ci-secret }] } # POST /hooks/deployments/ci

services:
  ${service}:
    environments:
      production:
        mode: observe # plans and previews, changes nothing; \`act\` once you trust it
        runsOn: worker # BACKOUT_WORKER_NAME of the worker on whose host commands, pm2 and files are
    # releases: # what shows which release is live
    #   source: { kubernetes.deployment: {} }
    #   soak: 60m
    # target: # goes into every step and check of that vendor
    #   kubernetes: { namespace: shop, deployment: ${service} }
    #   helm: { namespace: shop, release: ${service} } # for helm.release and helm.rollback in the places below
    runbooks:
      example:
        level: 2
        title: An example that changes nothing
        steps:
          - command: { argv: ['true'], idempotent: true }
        checks:
          - manual: {}
            title: The service answers as it should
      # back: # the release before, by the Deployment's own history
      #   level: 3
      #   steps:
      #     - kubernetes.rollout-undo: {}
      #   checks:
      #     - kubernetes.rollout: {}
      #     - checklist: level-3
`;
}
