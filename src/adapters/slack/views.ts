import type { KnownBlock, ModalView } from '@slack/types';
import type { WebClient } from '@slack/web-api';
import type { Screen } from '../../domain/screen.ts';
import type { Form } from '../../ports/inbound.ts';
import type { Log } from '../../ports/log.ts';
import { asClassic, asDrawn } from './fallbacks.ts';
import { whyFailed } from './outcome.ts';
import type { OpenView } from './payload.ts';

const plain = (text: string) => ({ type: 'plain_text', text, emoji: true }) as const;

/** Draws a form as Slack's modal. */
export function formView(form: Form): ModalView {
  return {
    type: 'modal',
    callback_id: form.id,
    title: plain(form.title),
    ...(form.submit && { submit: plain(form.submit) }),
    close: plain(form.close),
    private_metadata: form.metadata,
    blocks: [...form.blocks] as KnownBlock[],
  };
}

/** Draws an answer in place of the form that was sent in, under the form's own title. */
export function answerView(screen: Screen, view: OpenView): ModalView {
  const { blocks } = asClassic(screen) ?? asDrawn(screen);
  const text: KnownBlock = { type: 'section', text: { type: 'mrkdwn', text: screen.text.slice(0, 3000) || '…' } };
  return {
    type: 'modal',
    callback_id: `${view.callback_id}:answer`,
    title: plain(view.title?.text ?? 'Backout'),
    ...(view.close && { close: plain(view.close.text) }),
    private_metadata: view.private_metadata,
    blocks: blocks.length > 0 ? [...blocks] : [text],
  };
}

/** How a form gets in front of a person: opened by a trigger, pushed over or drawn anew in an open view. */
export type Opening =
  | { readonly how: 'open'; readonly trigger: string }
  | { readonly how: 'push'; readonly trigger: string }
  | { readonly how: 'redraw'; readonly view: OpenView };

/** Shows a form; false where Slack did not (trigger over or used, slow start, throttled), and then its fallback is said (hard case 22). */
export async function showView(client: WebClient, log: Log, opening: Opening, view: ModalView): Promise<boolean> {
  try {
    if (opening.how === 'open') await client.views.open({ trigger_id: opening.trigger, view });
    else if (opening.how === 'push') await client.views.push({ trigger_id: opening.trigger, view });
    else await redraw(client, opening.view, view);
    return true;
  } catch (failure) {
    log.info({ why: whyFailed(failure), how: opening.how }, 'A form was not shown');
    return false;
  }
}

async function redraw(client: WebClient, open: OpenView, view: ModalView): Promise<void> {
  await client.views.update({ view_id: open.id, ...(open.hash && { hash: open.hash }), view });
}
