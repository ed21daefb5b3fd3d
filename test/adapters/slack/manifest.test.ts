import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { slackManifest } from '../../../src/adapters/slack/manifest.ts';
import { scopeReasons, scopes } from '../../../src/adapters/slack/scopes.ts';
import { rigScopes } from '../../fakes/slack/rig.ts';

const folder = join(import.meta.dirname, '../../../src/adapters/slack');
const source = readdirSync(folder)
  .filter(file => file !== 'scopes.ts')
  .map(file => readFileSync(join(folder, file), 'utf8'))
  .join('\n');

/** What in the adapter's code needs each scope (Slack's method pages). */
const usedBy: Record<(typeof scopes)[number], RegExp> = {
  commands: /app\.command\(|app\.shortcut\(/,
  'chat:write': /chat\.postMessage\(/,
  'app_mentions:read': /app\.event\('app_mention'/,
  'users:read': /users\.info\(/,
  'users:read.email': /profile\?\.email/,
  'usergroups:read': /usergroups\.users\.list\(/,
  'channels:read': /conversations\.info\(/,
  'groups:read': /conversations\.info\(/,
  'channels:history': /conversations\.history\(/,
  'groups:history': /conversations\.replies\(/,
  'files:write': /filesUploadV2\(/,
  'im:write': /conversations\.open\(/,
};

describe('the manifest', () => {
  it.each(scopes)('asks for %s because it is used', scope => {
    expect(source).toMatch(usedBy[scope]);
    expect(scopeReasons[scope].length).toBeGreaterThan(10);
  });

  it('asks for what the tests are run with, and no more', () => {
    expect([...scopes].sort()).toEqual([...rigScopes].sort());
  });

  it('names no URL in Socket Mode', () => {
    const manifest = slackManifest({ socketMode: true });
    expect(JSON.stringify(manifest)).not.toContain('http');
    expect(manifest).toMatchObject({ settings: { socket_mode_enabled: true } });
  });

  it('leads every request to one path over HTTP', () => {
    const manifest = JSON.stringify(slackManifest({ socketMode: false, url: 'https://backout.example.com/' }));
    expect(manifest.match(/https:[^"]*/g)).toEqual(
      Array.from({ length: 4 }, () => 'https://backout.example.com/slack/events'),
    );
  });

  it('keeps the schema’s lengths', () => {
    const { features, display_information } = slackManifest({ socketMode: true }) as unknown as {
      features: {
        shortcuts: { name: string; description: string }[];
        slash_commands: { command: string; usage_hint: string }[];
      };
      display_information: { name: string; description: string };
    };
    expect(features.shortcuts[0]?.name.length).toBeLessThanOrEqual(24);
    expect(features.shortcuts[0]?.description.length).toBeLessThanOrEqual(150);
    expect(features.slash_commands[0]?.command.length).toBeLessThanOrEqual(32);
    expect(display_information.name.length).toBeLessThanOrEqual(35);
    expect(display_information.description.length).toBeLessThanOrEqual(140);
  });
});
