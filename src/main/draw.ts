import type { DeliverDeps } from '../../jobs/deliver.ts';
import { renderPost } from '../../templates/index.ts';
import { parseProposalId, parseRunId } from '../domain/ids.ts';
import { logsName } from '../domain/post.ts';
import type { RecordData } from '../domain/record.ts';
import type { RunWithLog } from '../domain/run.ts';
import { liveSince, recordData } from '../record/record-data.ts';
import type { Stores } from './stores.ts';

/** What messages are drawn from. */
export type Drawn = Pick<Stores, 'runs' | 'catalogues' | 'releases' | 'alerts' | 'kept'>;

/** Draws outbox rows from what their run or proposal is at that moment. */
export function drawPosts(stores: Drawn): DeliverDeps['render'] {
  const today = () => stores.catalogues.current();
  return async post => {
    const runId = parseRunId(post.thread);
    const run = runId && (await stores.runs.read(runId));
    if (run) {
      const catalogue = (await stores.catalogues.byHash(run.run.request.catalogue)) ?? (await today());
      const [progress, now] = await Promise.all([stores.runs.readProgress(run.run.id), stores.runs.now()]);
      const record = post.screen === 'record' ? await recordOf(stores, run) : null;
      const logs = post.screen === 'logs' ? await logsOf(stores, run, post.event ?? 0) : null;
      const { locale } = run.run.request;
      return renderPost(post, { kind: 'run', run, catalogue, progress, now, locale, record, logs });
    }
    const proposalId = parseProposalId(post.thread);
    const proposal = proposalId && (await stores.alerts.proposal(proposalId));
    if (!proposal) return null;
    const [catalogue, now] = await Promise.all([today(), stores.runs.now()]);
    const [service = '', environment = ''] = proposal.target.split('/');
    const spec = catalogue?.services[service]?.environments[environment];
    return renderPost(post, {
      kind: 'proposal',
      proposal,
      catalogue,
      now,
      locale: spec?.locale ?? catalogue?.locale ?? 'en',
    });
  };
}

async function logsOf({ kept }: Drawn, { run }: RunWithLog, asked: number): Promise<string | null> {
  const [text] = await kept.read([logsName(run.id, asked)]);
  return text ?? null;
}

async function recordOf({ releases }: Drawn, found: RunWithLog): Promise<RecordData> {
  return recordData(found, liveSince(found.run, await releases.list(found.run.request.target)));
}
