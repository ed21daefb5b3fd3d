import { userInfo } from 'node:os';
import { join } from 'node:path';
import { deployScript, type Shop } from './shop.ts';
import { channel, people } from './slack-page.ts';

/** The demo's `backout.yaml`: Mara asks, Jon or Lee approves, and whoever runs the demo may use the command line. */
export function demoCatalogue(shop: Shop, hookUrl: string): string {
  const app = join(shop.folder, 'app');
  const text = JSON.stringify;
  return `# The catalogue of the demo. Edit it and say \`/rollback reload\`.
locale: en
channels: { shop: ${channel}, ops: ${channel} }

people:
  mara: { name: Mara Lind, slack: ${people.mara} }
  jon: { name: Jon Bell, slack: ${people.jon} }
  lee: { name: Lee Chen, slack: ${people.lee} }
  terminal: { name: You at the terminal, os: ${text(userInfo().username)} }

roles:
  oncall: [jon, lee]
  shop-owners: [mara, lee]

permissions:
  default: [oncall, shop-owners]
  request: [everyone]

approvals:
  - name: on-call
    seats: { oncall: 1 }
    requester: excluded
    within: 10m

hooks:
  alertmanager: { shop: { secrets: [{ env: DEMO_HOOK_SECRET }] } }
  deployments: { ci: { secrets: [{ env: DEMO_HOOK_SECRET }] } }

services:
  shop-api:
    aliases: [shop, 商店]
    owners: shop-owners
    channel: shop
    target:
      pm2: { app: shop-api, home: ${text(join(shop.folder, 'pm2'))} }
      git: { remote: ${text(shop.origin)}, branch: main }
    releases:
      source: { git.branch: { folder: ${text(app)}, versionFile: release.json } }
      soak: 6s
    environments:
      production: { mode: act, runsOn: demo }
    checks:
      - pm2.online: {}
        title: The shop runs under pm2
    runbooks:
      express-checkout-off:
        level: 1
        title: Switch express checkout off
        rto: 5m
        steps:
          - pm2.set-env: { set: { EXPRESS_CHECKOUT: 'false' } }
        checks:
          - http: { url: 'http://127.0.0.1:${shop.port}/health', json: [{ path: expressCheckout, equals: false }] }
            title: Express checkout is off
      release-back:
        level: 3
        title: Put the last good release back on main and deploy it
        rto: 15m
        steps:
          - git.restore-release:
              deploy:
                argv: [node, ${text(deployScript(shop))}]
                idempotent: true
                gap: none
                env:
                  APP_FOLDER: ${text(app)}
                  ECOSYSTEM: ${text(shop.ecosystem)}
                  PM2_HOME: ${text(join(shop.folder, 'pm2'))}
                  PM2_DISCRETE_MODE: 'true'
                  PM2_DISABLE_VERSION_CHECK: 'true'
                  HOOK_URL: ${hookUrl}
                  ACTOR: backout
                  HOOK_SECRET: { env: DEMO_HOOK_SECRET }
        checks:
          - http: { url: 'http://127.0.0.1:${shop.port}/health', version: { json: version }, times: 3 }
            title: The health page answers with the release gone back to
          - alert-cleared: {}
            title: The alert is over
          - manual: {}
            title: Somebody placed an order
`;
}
