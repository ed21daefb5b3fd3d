import type { Catalogue, Locale } from '../src/domain/catalogue.ts';
import type { RunId } from '../src/domain/ids.ts';
import { Refusal } from '../src/domain/reason.ts';
import type {
  ButtonPress,
  FormSubmission,
  OptionQuery,
  Reply,
  Routes,
  TypedCommand,
  Visitor,
} from '../src/ports/inbound.ts';
import { failure, refusal } from '../templates/index.ts';
import { refusedBy } from './answers.ts';
import { buttons, pressedRun, reasonForms } from './buttons.ts';
import type { DoorDeps } from './deps.ts';
import { serviceOptions, submitForm } from './form.ts';
import { commands } from './index.ts';
import { answerTyped } from './typed.ts';
import { type Act, admit, arrive, currentCatalogue, languageOf, type Visit } from './visit.ts';

/** Binds the tables to their dependencies: what Slack's listeners and the command line call. Everything refused is said; what nobody foresaw is thrown. */
export function createRoutes(deps: DoorDeps): Routes {
  // What is said while the store is away has a language too, and must not wait for it.
  let latest: Catalogue | null = null;
  const look = async (): Promise<Catalogue> => {
    latest = await currentCatalogue(deps);
    return latest;
  };
  const commandLanguage = (visitor: Visitor): Promise<Locale> => languageOf(deps, visitor, latest);
  // Everything an act is judged by is asked for at once; nothing is done before it is known that the act is no repetition.
  const door = <Arriving extends Act>(
    handle: (visit: Visit, act: Arriving) => Promise<Reply>,
    named: (act: Arriving) => RunId | null = () => null,
  ) => {
    return async (act: Arriving): Promise<Reply> => {
      try {
        const run = named(act);
        const reading = run === null ? null : deps.runs.read(run);
        const asked = [act.fresh ?? true, look(), arrive(deps), reading] as const;
        const [fresh, catalogue, arrival, seen] = await Promise.all(asked);
        if (!fresh) return { kind: 'nothing' };
        const locale = await commandLanguage(act.visitor);
        return await handle(await admit(deps, act, { catalogue, locale, arrival, seen }), act);
      } catch (cause) {
        if (cause instanceof Refusal) return refusedBy(await commandLanguage(act.visitor), cause);
        throw cause;
      }
    };
  };
  return {
    commandLanguage,
    command: door<TypedCommand>((visit, typed) => answerTyped(deps, visit, typed, commands)),
    actions: mapValues(buttons, press => door<ButtonPress>((visit, act) => press(deps, visit, act), pressedRun)),
    forms: {
      request: door<FormSubmission>((visit, act) => submitForm(deps, visit, act)),
      ...mapValues(reasonForms, submit => door<FormSubmission>((visit, act) => submit(deps, visit, act))),
    },
    options: { 'select-service': door<OptionQuery>((visit, query) => serviceOptions(visit, query)) },
    async failed(visitor, cause) {
      const locale = await commandLanguage(visitor);
      return cause instanceof Refusal ? refusal(locale, { reason: cause.reason }) : failure(locale);
    },
  };
}

function mapValues<From, To>(table: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, change(value)]));
}
