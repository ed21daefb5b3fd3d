import type { Catalogue, Service } from '../src/domain/catalogue.ts';
import type { Reason } from '../src/domain/reason.ts';
import { type Found, findService, findTarget, nearest, serviceNames, soleTarget } from './parse/names.ts';
import { readOptions } from './parse/options.ts';
import { type Ask, type Draft, named, type Reading, refuse } from './parse/reading.ts';
import { readText, type Token } from './parse/text.ts';
import { answerWords, decisionWords, fillers, glueFor, gradeWords, rollbackWords } from './parse/words.ts';

/** What stands in a command without a word before it, in this order. */
export type Place =
  | 'service'
  | 'release'
  | 'grade'
  | 'run'
  | 'run-or-service'
  | 'decision'
  | 'box'
  | 'answer'
  | 'topic';

/** What may be missing from a command. */
export type Part = 'service' | 'environment' | 'release' | 'grade' | 'run' | 'box' | 'answer' | 'reason';

/** What the parser has to know of a command: its other names, its places, and what it cannot do without. */
export interface Grammar {
  readonly also: readonly string[];
  readonly takes: readonly Place[];
  readonly needs: readonly Part[];
}

/** The name of the command that asks for a rollback: a line that begins with no other name. */
export const requestCommand = 'rollback';

/** What came of reading a line: what was understood, what was not (each naming its word), and what is missing. */
export interface Parsed {
  readonly ask: Ask;
  readonly problems: readonly Reason[];
  readonly missing: readonly Part[];
}

/** The longest line that is read, in characters. */
const maxLine = 4_000;

/** Reads a `/rollback` line; never throws, never guesses a name. `escaped` where Slack wrote its entities into it. */
export function parse(
  text: string,
  grammars: Readonly<Record<string, Grammar>>,
  catalogue: Catalogue,
  escaped = true,
): Parsed {
  const names = Object.values(catalogue.services).flatMap(service => Object.keys(service.environments));
  const verbs = Object.entries(grammars).flatMap(([name, grammar]) => [name, ...grammar.also]);
  const glue = glueFor(verbs, [...serviceNames(catalogue), ...names]);
  const typed = readText(text.slice(0, maxLine), escaped, glue);
  const { command, rest } = takeCommand(typed.tokens, grammars, catalogue);
  const draft: Draft = { ...emptyAsk, command };
  const reading: Reading = { typed, catalogue, draft, problems: [], bare: [], environment: null };
  const grammar = grammars[command] ?? { also: [], takes: [], needs: [] };
  readOptions(reading, rest);
  readPlaces(reading, grammar, verbs);
  readTarget(reading, grammar);
  const missing = grammar.needs.filter(part =>
    part === 'environment' ? draft.service && !draft.target : !draft[part],
  );
  return { ask: draft, problems: reading.problems, missing };
}

const emptyAsk: Ask = {
  command: requestCommand,
  service: null,
  target: null,
  level: null,
  levels: [],
  strategy: null,
  release: null,
  scenario: null,
  reason: null,
  observe: false,
  run: null,
  decision: null,
  box: null,
  answer: null,
  grade: null,
  forMs: null,
  until: null,
  topic: null,
};

function takeCommand(tokens: readonly Token[], grammars: Readonly<Record<string, Grammar>>, catalogue: Catalogue) {
  const words = tokens.filter((token, index) => index > 2 || !fillers.has(token.text.toLowerCase()));
  const said = words[0]?.kind === 'word' && rollbackWords.has(words[0].text.toLowerCase());
  const rest = said ? words.slice(1) : words;
  const first = rest[0];
  const isName = said && first && findService(catalogue, first.text).ok;
  if (first?.kind !== 'word' || isName) return { command: requestCommand, rest };
  const word = first.text.toLowerCase();
  const taken = Object.entries(grammars).find(([name, grammar]) => name === word || grammar.also.includes(word));
  return taken ? { command: taken[0], rest: rest.slice(1) } : { command: requestCommand, rest };
}

function readPlaces(reading: Reading, grammar: Grammar, verbs: readonly string[]): void {
  const { draft } = reading;
  const open = [...grammar.takes];
  for (const token of reading.bare) {
    if (saysNothing(token, draft.service !== null) || !named(reading, token)) continue;
    const grade = open.includes('grade') && Object.hasOwn(gradeWords, token.text) ? gradeWords[token.text] : undefined;
    const place = open.find(next => next !== 'grade' && !(next === 'release' && draft.release));
    if (grade) {
      draft.grade = grade;
      open.splice(open.indexOf('grade'), 1);
    } else if (draft.service && !reading.environment && findTarget(draft.service, token.text).ok) {
      reading.environment = token;
    } else if (place) {
      open.splice(open.indexOf(place), 1);
      fill(reading, token, place, verbs);
    } else if (draft.service || !grammar.takes.includes('service')) refuse(reading, token, 'bad-argument', {});
  }
}

function saysNothing(token: Token, afterName: boolean): boolean {
  const word = token.text.toLowerCase();
  return token.kind === 'word' && (fillers.has(word) || (afterName && rollbackWords.has(word)));
}

function fill(reading: Reading, token: Token, place: Place, verbs: readonly string[]): void {
  if (place === 'run-or-service') takeEither(reading, token);
  else if (place === 'service') take(reading, token, findService(reading.catalogue, token.text), verbs);
  else if (place === 'decision') takeDecision(reading, token);
  else if (place === 'answer') takeAnswer(reading, token);
  else if (place !== 'grade') reading.draft[place] = token.text;
}

function take(reading: Reading, token: Token, found: Found<Service>, verbs: readonly string[]): void {
  if (found.ok) reading.draft.service = found.value;
  else {
    const names = [...((found.reason.facts?.nearest ?? []) as string[]), ...nearest(token.text, verbs)];
    refuse(reading, token, 'unknown-service', { ...found.reason.facts, nearest: [...new Set(names)] });
  }
}

function takeEither({ draft, catalogue }: Reading, token: Token): void {
  const found = findService(catalogue, token.text);
  if (found.ok) draft.service = found.value;
  else draft.run = token.text;
}

function takeDecision(reading: Reading, token: Token): void {
  const word = token.text.toLowerCase() as keyof typeof decisionWords;
  if (Object.hasOwn(decisionWords, word)) reading.draft.decision = decisionWords[word];
  else refuse(reading, token, 'bad-argument', { nearest: [...new Set(Object.values(decisionWords))] });
}

function takeAnswer(reading: Reading, token: Token): void {
  const word = token.text.toLowerCase();
  if (Object.hasOwn(answerWords, word)) reading.draft.answer = answerWords[word] ?? null;
  else refuse(reading, token, 'bad-argument', { expected: 'yes | no' });
}

function readTarget(reading: Reading, grammar: Grammar): void {
  const { draft, environment } = reading;
  if (!draft.service) return;
  if (!environment) {
    if (grammar.needs.includes('environment')) draft.target = soleTarget(draft.service);
    return;
  }
  const found = findTarget(draft.service, environment.text);
  if (found.ok) draft.target = found.value;
  else refuse(reading, environment, found.reason.code, found.reason.facts ?? {});
}
