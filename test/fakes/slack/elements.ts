import type { Json } from './block-rules.ts';
import type { RigView } from './workspace.ts';

/** A message, an ephemeral one, or a view: whatever shows blocks. */
export type Clickable = {
  blocks?: Json[];
  ts?: string;
  channel?: string;
  thread_ts?: string;
  id?: string;
  text?: string;
  at?: number;
};

/** An interactive element with the block it stands in. */
export interface Element extends Json {
  action_id: string;
  type: string;
  block_id: string;
}

/** Finds every element with an action id in blocks, as a client would render them. */
export function elementsOf(blocks: readonly Json[]): Element[] {
  return blocks.flatMap((block, index) => {
    const own = [block.accessory, block.element, ...(Array.isArray(block.elements) ? block.elements : [])];
    const shown = own.filter((one): one is Json => typeof one === 'object' && one !== null && 'action_id' in one);
    return shown.map(one => ({ ...one, block_id: String(block.block_id ?? `b${index}`) }) as Element);
  });
}

const textOf = (value: unknown): string => String((value as Json | undefined)?.text ?? '');

/** The state that Slack sends for one input, from the value a test gives. */
export function stateOf(element: Element, value: unknown): Json {
  const type = element.type;
  if (type === 'checkboxes' || type.startsWith('multi_static') || type.startsWith('multi_external'))
    return { type, selected_options: (value as string[]).map(one => optionOf(element, one)) };
  if (type === 'static_select' || type === 'external_select' || type === 'radio_buttons')
    return { type, selected_option: value === null || value === undefined ? null : optionOf(element, String(value)) };
  if (type === 'users_select') return { type, selected_user: value };
  if (type === 'conversations_select') return { type, selected_conversation: value };
  if (type === 'datepicker') return { type, selected_date: value };
  return { type, value: value ?? null };
}

function optionOf(element: Element, value: string): Json {
  const groups = (element.option_groups as Json[] | undefined)?.flatMap(group => group.options as Json[]) ?? [];
  const options = [...((element.options as Json[] | undefined) ?? []), ...groups];
  if (element.type.includes('external')) return { text: { type: 'plain_text', text: value }, value };
  const found = options.find(option => option.value === value || textOf(option.text) === value);
  if (!found)
    throw new Error(
      `'${element.action_id}' has no option '${value}'; it has ${options.map(option => option.value).join(', ')}`,
    );
  return found;
}

function initialOf(element: Element): unknown {
  const option = element.initial_option as Json | undefined;
  const several = element.initial_options as Json[] | undefined;
  if (element.type === 'checkboxes') return (several ?? []).map(one => one.value);
  return option?.value ?? element.initial_value ?? element.initial_user ?? element.initial_date ?? null;
}

/** Where a click happened, as Slack says it. */
export function containerOf(shown: Clickable): Json {
  if (shown.id !== undefined) return { container: { type: 'view', view_id: shown.id }, view: shown };
  const channel = { id: shown.channel, name: 'channel' };
  if (shown.ts === undefined)
    return {
      channel,
      container: { type: 'message', message_ts: String(shown.at), channel_id: shown.channel, is_ephemeral: true },
    };
  const thread = shown.thread_ts && { thread_ts: shown.thread_ts };
  return {
    channel,
    message: shown,
    container: { type: 'message', message_ts: shown.ts, channel_id: shown.channel, is_ephemeral: false, ...thread },
  };
}

/** The whole state of a view: what the test gives, and the initial values of the rest. */
export function stateValues(view: RigView, given: Record<string, unknown>): Json {
  const left = new Set(Object.keys(given));
  const values: Record<string, Json> = {};
  for (const element of elementsOf(view.blocks).filter(one => one.type !== 'button')) {
    const key = [element.action_id, element.block_id].find(one => left.delete(one));
    values[element.block_id] = {
      ...values[element.block_id],
      [element.action_id]: stateOf(element, key === undefined ? initialOf(element) : given[key]),
    };
  }
  if (left.size > 0)
    throw new Error(
      `The view has no input '${[...left].join(', ')}'; it has ${elementsOf(view.blocks)
        .map(one => one.action_id)
        .join(', ')}`,
    );
  return values;
}
