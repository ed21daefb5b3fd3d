/** A decoded JSON object of unknown shape. */
export type Json = Record<string, unknown>;

/** Where blocks are shown; the limits differ. */
export type Surface = 'message' | 'modal' | 'home';

/** What a surface's check needs besides the blocks. */
export interface BlockRules {
  surface: Surface;
  /** Block types this workspace does not know yet. */
  refused: ReadonlySet<string>;
}

interface Walk extends BlockRules {
  problems: string[];
  blockIds: Set<string>;
  actionIds: Set<string>;
}

const interactive = new Set(
  (
    'button static_select external_select users_select conversations_select channels_select multi_static_select ' +
    'multi_external_select multi_users_select multi_conversations_select multi_channels_select overflow datepicker ' +
    'timepicker datetimepicker checkboxes radio_buttons workflow_button icon_button feedback_buttons'
  ).split(' '),
);
const inputOnly = new Set(
  'plain_text_input number_input email_text_input url_text_input file_input rich_text_input'.split(' '),
);
const mostOptions: Record<string, number> = {
  overflow: 5,
  checkboxes: 10,
  radio_buttons: 10,
  static_select: 100,
  multi_static_select: 100,
};

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isJson) : []);

function most(walk: Walk, at: string, value: unknown, limit: number): void {
  if (typeof value === 'string' && value.length > limit)
    walk.problems.push(`must be no more than ${limit} characters ${at}`);
}

function count(walk: Walk, at: string, value: unknown, low: number, high: number): void {
  const size = Array.isArray(value) ? value.length : -1;
  if (size < low || size > high) walk.problems.push(`wants ${low} to ${high} items, has ${size} ${at}`);
}

function text(walk: Walk, at: string, value: unknown, limit: number, plainOnly = false): void {
  if (!isJson(value)) return void walk.problems.push(`missing text object ${at}`);
  if (value.type !== 'plain_text' && (plainOnly || value.type !== 'mrkdwn'))
    walk.problems.push(`wrong text type ${at}/type`);
  if (typeof value.text !== 'string' || value.text.length < 1)
    walk.problems.push(`must be more than 0 characters ${at}/text`);
  most(walk, `${at}/text`, value.text, limit);
}

function once(walk: Walk, at: string, value: unknown, seen: Set<string>): void {
  if (value === undefined) return;
  most(walk, at, value, 255);
  if (typeof value !== 'string' || value === '') return void walk.problems.push(`must be a string ${at}`);
  if (seen.has(value)) walk.problems.push(`\`${value}\` is used twice ${at}`);
  seen.add(value);
}

function confirm(walk: Walk, at: string, value: unknown): void {
  if (!isJson(value)) return;
  text(walk, `${at}/title`, value.title, 100, true);
  text(walk, `${at}/text`, value.text, 300);
  text(walk, `${at}/confirm`, value.confirm, 30, true);
  text(walk, `${at}/deny`, value.deny, 30, true);
}

function options(walk: Walk, at: string, element: Json, type: string): void {
  const limit = mostOptions[type];
  if (limit === undefined) return;
  const groups = element.option_groups;
  if (groups !== undefined) {
    count(walk, `${at}/option_groups`, groups, 1, 100);
    for (const [index, group] of list(groups).entries()) {
      text(walk, `${at}/option_groups/${index}/label`, group.label, 75, true);
      optionList(walk, `${at}/option_groups/${index}/options`, group.options, limit);
    }
    return;
  }
  optionList(walk, `${at}/options`, element.options, limit);
}

function optionList(walk: Walk, at: string, value: unknown, limit: number): void {
  count(walk, at, value, 1, limit);
  for (const [index, option] of list(value).entries()) {
    text(walk, `${at}/${index}/text`, option.text, 75);
    if (typeof option.value !== 'string') walk.problems.push(`missing value ${at}/${index}/value`);
    most(walk, `${at}/${index}/value`, option.value, 150);
    if (option.description !== undefined) text(walk, `${at}/${index}/description`, option.description, 75);
  }
}

function element(walk: Walk, at: string, value: unknown, inInput: boolean): void {
  if (!isJson(value)) return void walk.problems.push(`missing element ${at}`);
  const type = String(value.type);
  if (type === 'image') {
    image(walk, at, value);
    return;
  }
  if (inputOnly.has(type) && !inInput) walk.problems.push(`${type} belongs in an input block ${at}`);
  if (!interactive.has(type) && !inputOnly.has(type)) walk.problems.push(`unsupported element type: ${type} ${at}`);
  if (type === 'button' && inInput) walk.problems.push(`button cannot be an input ${at}`);
  once(walk, `${at}/action_id`, value.action_id, walk.actionIds);
  if (type === 'button') {
    text(walk, `${at}/text`, value.text, 75, true);
    most(walk, `${at}/value`, value.value, 2000);
    most(walk, `${at}/url`, value.url, 3000);
    if (value.style !== undefined && !['primary', 'danger'].includes(String(value.style)))
      walk.problems.push(`bad style ${at}/style`);
  }
  if (value.placeholder !== undefined) text(walk, `${at}/placeholder`, value.placeholder, 150, true);
  if (type === 'plain_text_input') most(walk, `${at}/initial_value`, value.initial_value, 3000);
  options(walk, at, value, type);
  confirm(walk, `${at}/confirm`, value.confirm);
}

function image(walk: Walk, at: string, value: Json): void {
  if (typeof value.alt_text !== 'string') walk.problems.push(`missing alt_text ${at}`);
  most(walk, `${at}/image_url`, value.image_url, 3000);
  most(walk, `${at}/alt_text`, value.alt_text, 2000);
}

function section(walk: Walk, at: string, block: Json): void {
  if (block.text === undefined && block.fields === undefined) walk.problems.push(`section wants text or fields ${at}`);
  if (block.text !== undefined) text(walk, `${at}/text`, block.text, 3000);
  if (block.fields !== undefined) count(walk, `${at}/fields`, block.fields, 1, 10);
  for (const [index, field] of list(block.fields).entries()) text(walk, `${at}/fields/${index}`, field, 2000);
  if (block.accessory !== undefined) element(walk, `${at}/accessory`, block.accessory, false);
}

function context(walk: Walk, at: string, block: Json): void {
  count(walk, `${at}/elements`, block.elements, 1, 10);
  for (const [index, item] of list(block.elements).entries()) {
    if (item.type === 'image') image(walk, `${at}/elements/${index}`, item);
    else text(walk, `${at}/elements/${index}`, item, 2000);
  }
}

function actions(walk: Walk, at: string, block: Json): void {
  count(walk, `${at}/elements`, block.elements, 1, 25);
  for (const [index, item] of list(block.elements).entries()) element(walk, `${at}/elements/${index}`, item, false);
}

function input(walk: Walk, at: string, block: Json): void {
  text(walk, `${at}/label`, block.label, 2000, true);
  if (block.hint !== undefined) text(walk, `${at}/hint`, block.hint, 2000, true);
  element(walk, `${at}/element`, block.element, true);
}

function table(walk: Walk, at: string, block: Json): void {
  count(walk, `${at}/rows`, block.rows, 1, 100);
  for (const row of Array.isArray(block.rows) ? block.rows : []) count(walk, `${at}/rows`, row, 1, 20);
}

const checks: Record<string, (walk: Walk, at: string, block: Json) => void> = {
  section,
  context,
  actions,
  input,
  table,
  image,
  header: (walk, at, block) => text(walk, `${at}/text`, block.text, 150, true),
  divider: () => undefined,
  markdown: (walk, at, block) => most(walk, `${at}/text`, block.text, 12_000),
  rich_text: (walk, at, block) => count(walk, `${at}/elements`, block.elements, 1, 1000),
  file: () => undefined,
  video: () => undefined,
  alert: (walk, at, block) => text(walk, `${at}/text`, block.text, 3000),
  plan: () => undefined,
  task_card: () => undefined,
  card: () => undefined,
  carousel: (walk, at, block) => count(walk, `${at}/elements`, block.elements, 1, 10),
  container: () => undefined,
  context_actions: (walk, at, block) => count(walk, `${at}/elements`, block.elements, 1, 5),
};

/** Lists what Slack would refuse in these blocks, with JSON pointers; empty when they are fine (limits: Block Kit reference). */
export function blockProblems(blocks: unknown, rules: BlockRules): string[] {
  const walk: Walk = { ...rules, problems: [], blockIds: new Set(), actionIds: new Set() };
  if (!Array.isArray(blocks)) return ['must be an array [json-pointer:/blocks]'];
  const limit = rules.surface === 'message' ? 50 : 100;
  if (blocks.length > limit) walk.problems.push(`no more than ${limit} items allowed /blocks`);
  for (const [index, block] of blocks.entries()) {
    const at = `/blocks/${index}`;
    const type = isJson(block) ? String(block.type) : '';
    const check = rules.refused.has(type) ? undefined : checks[type];
    if (!isJson(block) || !check) {
      walk.problems.push(`unsupported type: ${type} ${at}/type`);
      continue;
    }
    once(walk, `${at}/block_id`, block.block_id, walk.blockIds);
    check(walk, at, block);
  }
  const markdown = blocks.filter(isJson).filter(block => block.type === 'markdown');
  if (markdown.reduce((sum, block) => sum + String(block.text).length, 0) > 12_000)
    walk.problems.push('markdown blocks exceed 12000 /blocks');
  if (blocks.filter(isJson).filter(block => block.type === 'table').length > 1)
    walk.problems.push('only one table allowed /blocks');
  return walk.problems.map(problem => `[ERROR] ${problem.replace(/ (\/\S*)$/, ' [json-pointer:$1]')}`);
}

/** Lists what Slack would refuse in a modal or home view. */
export function viewProblems(view: Json, refused: ReadonlySet<string>): string[] {
  const surface: Surface = view.type === 'home' ? 'home' : 'modal';
  const walk: Walk = { surface, refused, problems: [], blockIds: new Set(), actionIds: new Set() };
  if (surface === 'modal') {
    text(walk, '/title', view.title, 24, true);
    if (view.submit !== undefined) text(walk, '/submit', view.submit, 24, true);
    if (view.close !== undefined) text(walk, '/close', view.close, 24, true);
    const wantsSubmit = list(view.blocks).some(block => block.type === 'input');
    if (wantsSubmit && view.submit === undefined) walk.problems.push('a view with input blocks wants submit /submit');
  }
  most(walk, '/private_metadata', view.private_metadata, 3000);
  most(walk, '/callback_id', view.callback_id, 255);
  most(walk, '/external_id', view.external_id, 255);
  return [...walk.problems.map(problem => `[ERROR] ${problem}`), ...blockProblems(view.blocks, { surface, refused })];
}
