import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.ts';
import { type Door, openDoor, runOf, textOf } from './door.ts';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());
beforeEach(() => door.reset());

/** Who may what: `+` may, `-` is refused for want of the permission. Mara owns, Jon is on call, Dana administers. */
const rows: readonly (readonly [string, string, Readonly<Record<'mara' | 'jon' | 'dana', '+' | '-'>>])[] = [
  ['rollback', 'cart-web level 2 because payments fail', { mara: '+', jon: '+', dana: '+' }],
  ['status', 'status', { mara: '+', jon: '+', dana: '+' }],
  ['history', 'history', { mara: '+', jon: '+', dana: '+' }],
  ['candidates', 'candidates cart-web', { mara: '+', jon: '+', dana: '+' }],
  ['show', 'show RUN', { mara: '+', jon: '+', dana: '+' }],
  ['logs', 'logs RUN', { mara: '+', jon: '+', dana: '+' }],
  ['cancel', 'cancel RUN', { mara: '+', jon: '+', dana: '-' }],
  ['resolve', 'resolve RUN continue', { mara: '-', jon: '+', dana: '-' }],
  ['undo', 'undo RUN because it was wrong', { mara: '-', jon: '+', dana: '-' }],
  ['grade', 'grade cart-web 2.13.2 bad because it crashed', { mara: '+', jon: '-', dana: '-' }],
  ['hold', 'hold cart-web 2.13.2 because it crashed', { mara: '+', jon: '-', dana: '-' }],
  ['release-hold', 'release-hold cart-web 2.13.2', { mara: '+', jon: '-', dana: '-' }],
  ['freeze', 'freeze cart-web because quarter close', { mara: '-', jon: '-', dana: '+' }],
  ['unfreeze', 'unfreeze cart-web', { mara: '-', jon: '-', dana: '+' }],
  ['gate', 'gate cart-web 2.13.2', { mara: '+', jon: '+', dana: '+' }],
  ['doctor', 'doctor', { mara: '+', jon: '+', dana: '+' }],
  ['reload', 'reload', { mara: '-', jon: '-', dana: '+' }],
  ['help', 'help', { mara: '+', jon: '+', dana: '+' }],
];

describe('permissions', () => {
  const cells = rows.flatMap(([name, text, cell]) =>
    (['mara', 'jon', 'dana'] as const).flatMap(who =>
      (['', '$'] as const).map(via => [`${via}${who}`, name, text, cell[who]] as const),
    ),
  );
  it.each(cells)('%s: %s', async (who, name, text, may) => {
    // The run is Mara's; only what she asked for herself may she cancel without the permission.
    const run = text.includes('RUN') ? runOf(await door.type('mara', 'orders in prod level 2 because abc')) : '';
    const reply = await door.type(who, text.replace('RUN', run));
    const refused = textOf(reply).includes('you may not do this');
    expect([name, refused ? '-' : '+']).toEqual([name, may]);
    if (refused) expect(textOf(reply)).toMatch(/Who can/);
  });

  it('are written down for every command of both doors', () => {
    const here = new Set(rows.map(([name]) => name));
    const offered = Object.entries(commands).filter(([, { door: only }]) => only === undefined);
    expect(offered.map(([name]) => name).filter(name => !here.has(name))).toEqual([]);
  });

  it.each(['approve', 'reject', 'tick'])('%s is a command of the terminal only', async name => {
    const run = runOf(await door.type('mara', 'orders in prod level 2 because abc'));
    await door.ask(run);
    const reply = await door.type('jon', `${name} ${run} because fine`);
    expect(reply).toMatchObject({ kind: 'say', outcome: 'usage' });
    expect((await door.run(run)).status).toBe('awaiting-approval');
  });

  it('let somebody whom the catalogue does not list read, and ask only where everyone may', async () => {
    expect(textOf(await door.type('stranger', 'status'))).not.toContain('may not');
    expect(textOf(await door.type('stranger', 'cart-web because abc'))).toContain('you may not do this');
    const open = { ...door.catalogue.permissions, request: ['everyone'] };
    await door.publish({ ...door.catalogue, hash: 'open', permissions: open });
    const run = await door.run(runOf(await door.type('stranger', 'cart-web level 2 because abc')));
    expect(run.request.by).toMatchObject({ person: `slack:${door.slack.user('stranger')}` });
  });
});
