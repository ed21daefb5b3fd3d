import type { Post } from '../src/domain/post.ts';
import type { Screen } from '../src/domain/screen.ts';
import { cardScreen, reminderScreen } from './screens/card.ts';
import { diffScreen } from './screens/diff.ts';
import { heldScreen } from './screens/held.ts';
import { logsScreen } from './screens/logs.ts';
import { operatorScreen } from './screens/operator.ts';
import { proposalScreen } from './screens/proposal.ts';
import { recordScreen } from './screens/record-head.ts';
import { replyScreen } from './screens/reply.ts';
import { rootScreen } from './screens/root.ts';
import { verdictScreen } from './screens/verdict.ts';
import type { ThreadView } from './view.ts';

/** Draws an outbox row from what its thread is now. */
export function renderPost(post: Post, view: ThreadView): Screen {
  if (view.kind === 'proposal') return proposalScreen(view);
  switch (post.screen) {
    case 'card':
      return cardScreen(view);
    case 'reminder':
      return reminderScreen(view);
    case 'needs-operator':
      return operatorScreen(view, numberOf(post));
    case 'verdict':
      return verdictScreen(view);
    case 'record':
      return recordScreen(view);
    case 'held':
      return heldScreen(view);
    case 'diff':
      return diffScreen(view);
    case 'logs':
      return logsScreen(view, post);
    case 'reply':
      return replyScreen(view, post);
    default:
      return rootScreen(view);
  }
}

/** The number in a slot's name: which stop (`stop-2`). */
function numberOf(post: Post): number | null {
  const named = /-(\d+)$/.exec(post.slot)?.[1];
  return named === undefined ? null : Number(named);
}
