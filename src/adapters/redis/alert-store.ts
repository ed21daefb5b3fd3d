import { createHash } from 'node:crypto';
import type { Alert, Episode, Proposal } from '../../domain/alert.ts';
import type { ProposalId, RunId, TargetId } from '../../domain/ids.ts';
import type { AlertStore, ApplyAlert, RawIntake } from '../../ports/alert-store.ts';
import type { RedisConnection } from './connection.ts';
import { postArgs } from './encode.ts';
import { keys } from './keys.ts';
import * as scripts from './scripts/alerts.ts';
import { settleOn } from './settle.ts';

/** Alerts, episodes and proposals in Redis; `rules` say what an alert means for the episode known. */
export function redisAlertStore(connection: RedisConnection, rules: { readonly apply: ApplyAlert }): AlertStore {
  const { redis, confirmed, call } = connection;
  const proposal = (id: ProposalId) => readProposal(connection, id);
  return {
    async take(intake) {
      const { door, name, body } = intake;
      const digest = createHash('sha256').update(`${door}/${name}\n${body}`).digest('hex');
      return call<'taken' | 'repeated'>(scripts.takeScript, [intake.id, digest, JSON.stringify(intake)]);
    },
    async claim(limit, leaseMs) {
      const waiting = await call<string[]>(scripts.claimIntakeScript, [limit, leaseMs]);
      return waiting.map(json => JSON.parse(json) as RawIntake);
    },
    async done(id) {
      await call(scripts.doneScript, [id]);
    },
    apply: (alert, target, receivedAt) => applyAlert(connection, rules.apply, alert, target, receivedAt),
    episode: fingerprint => readEpisode(connection, fingerprint),
    async open(target) {
      const fingerprints = await confirmed(redis.smembers(keys.episodesOf(target)));
      const episodes = await Promise.all(fingerprints.map(fingerprint => readEpisode(connection, fingerprint)));
      const found = episodes.filter(episode => episode !== null && episode.resolvedAt === null) as Episode[];
      return found.sort((one, other) => one.startedAt - other.startedAt);
    },
    async propose(made, channel, posts) {
      const args = [made.id, made.target, channel, JSON.stringify(made), ...postArgs(posts)];
      return call<ProposalId>(scripts.proposeScript, args);
    },
    proposal,
    async openProposal(target) {
      const id = await confirmed(redis.get(keys.proposalOf(target)));
      return id === null ? null : proposal(id as ProposalId);
    },
    async close(id, version, to, run, posts) {
      return (await call<number>(scripts.closeScript, [id, version, to, run ?? '', ...postArgs(posts)])) === 1;
    },
  };
}

async function readEpisode({ redis, confirmed }: RedisConnection, fingerprint: string): Promise<Episode | null> {
  const json = await confirmed(redis.hget(keys.episode(fingerprint), 'json'));
  return json === null ? null : (JSON.parse(json) as Episode);
}

/** A proposal shows its episode as it is now: that it resolved is part of the message. */
async function readProposal(connection: RedisConnection, id: ProposalId): Promise<Proposal | null> {
  const { redis, confirmed } = connection;
  const [json, status, run, version] = await confirmed(
    redis.hmget(keys.proposal(id), 'json', 'status', 'run', 'version'),
  );
  if (!json || !status) return null;
  const made = JSON.parse(json) as Proposal;
  const now = await readEpisode(connection, made.episode.fingerprint);
  const episode = now && now.receivedAt === made.episode.receivedAt ? now : made.episode;
  return {
    ...made,
    episode,
    status: status as Proposal['status'],
    run: (run || null) as RunId | null,
    version: Number(version),
  };
}

async function applyAlert(
  connection: RedisConnection,
  rule: ApplyAlert,
  alert: Alert,
  target: TargetId | null,
  receivedAt: number,
): ReturnType<AlertStore['apply']> {
  const key = keys.episode(alert.fingerprint);
  return settleOn(`episode ${alert.fingerprint}`, async () => {
    const [json, version] = await connection.confirmed(connection.redis.hmget(key, 'json', 'version'));
    const known = json ? (JSON.parse(json) as Episode) : null;
    const step = rule(known, alert, target, receivedAt);
    const { episode } = step;
    if (!episode || episode === known) return step;
    const open = episode.resolvedAt === null ? '1' : '0';
    const args = [alert.fingerprint, version ?? '0', JSON.stringify(episode), episode.target ?? '', open];
    return (await connection.call<number>(scripts.episodeScript, args)) === 1 ? step : null;
  });
}
