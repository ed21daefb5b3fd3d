import type { WebClient } from '@slack/web-api';
import { z } from 'zod';
import { Refusal, reason } from '../../domain/reason.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Directory, SlackUser } from '../../ports/directory.ts';
import type { Log } from '../../ports/log.ts';
import type { Identity } from './identity.ts';
import { slackCode, whyFailed } from './outcome.ts';

/** What the directory needs. */
export interface DirectoryDeps {
  readonly client: WebClient;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ages in ms: younger answers are taken as they are; older ones only where Slack cannot be asked; past `stated` never (hard case 4). */
const ages = { fresh: 3000, stated: 60_000 } as const;

const userAnswer = z.object({
  user: z.object({
    id: z.string(),
    name: z.string().default(''),
    real_name: z.string().optional(),
    team_id: z.string().optional(),
    deleted: z.boolean().default(false),
    is_bot: z.boolean().default(false),
    is_restricted: z.boolean().default(false),
    is_ultra_restricted: z.boolean().default(false),
    is_stranger: z.boolean().default(false),
    locale: z.string().optional(),
    profile: z.object({ email: z.string().optional(), display_name: z.string().optional() }).optional(),
  }),
});

const groupAnswer = z.object({ users: z.array(z.string()).default([]) });

/** Remembers answers for as long as they may be trusted, and asks once where several want to know. */
function remembering<T>({ clock }: DirectoryDeps, ask: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const known = new Map<string, { value: T; at: number }>();
  const asking = new Map<string, Promise<T>>();
  const fetchOne = async (id: string): Promise<T> => {
    try {
      const value = await ask(id);
      known.set(id, { value, at: clock.now() });
      return value;
    } catch (failure) {
      const last = known.get(id);
      if (last && clock.now() - last.at <= ages.stated) return last.value;
      throw new Refusal(reason('membership-unknown', {}, whyFailed(failure)));
    } finally {
      asking.delete(id);
    }
  };
  return id => {
    const last = known.get(id);
    if (last && clock.now() - last.at <= ages.fresh) return Promise.resolve(last.value);
    const running = asking.get(id) ?? fetchOne(id);
    asking.set(id, running);
    return running;
  };
}

async function askUser({ client, identity }: DirectoryDeps, user: string): Promise<SlackUser | null> {
  try {
    const [answer, home] = await Promise.all([client.users.info({ user, include_locale: true }), identity.learn()]);
    const said = userAnswer.parse(answer).user;
    return {
      id: said.id,
      name: said.profile?.display_name || said.real_name || said.name,
      deleted: said.deleted,
      bot: said.is_bot,
      guest: said.is_restricted || said.is_ultra_restricted,
      outside: said.is_stranger || (home !== null && said.team_id !== undefined && said.team_id !== home.teamId),
      locale: said.locale ?? null,
      mail: said.profile?.email ?? null,
    };
  } catch (failure) {
    if (slackCode(failure) === 'user_not_found') return null;
    throw failure;
  }
}

async function askGroup({ client, log }: DirectoryDeps, usergroup: string): Promise<readonly string[]> {
  try {
    return groupAnswer.parse(await client.usergroups.users.list({ usergroup })).users;
  } catch (failure) {
    if (slackCode(failure) !== 'no_such_subteam') throw failure;
    // A group that was deleted or disabled has no members any more: nobody qualifies through it.
    log.warn({ usergroup }, 'A user group of the catalogue does not exist or is disabled');
    return [];
  }
}

/** Makes the directory of the workspace. */
export function createDirectory(deps: DirectoryDeps): Directory {
  return {
    user: remembering(deps, id => askUser(deps, id)),
    groupMembers: remembering(deps, id => askGroup(deps, id)),
  };
}
