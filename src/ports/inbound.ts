import type { Locale } from '../domain/catalogue.ts';
import type { RunId } from '../domain/ids.ts';
import type { Form, Screen } from '../domain/screen.ts';

export type { Form } from '../domain/screen.ts';

/** Who is at the door, as the door itself knows it; the catalogue says which person that is. */
export type Visitor =
  | { readonly via: 'slack'; readonly user: string; readonly team: string; readonly outside: boolean }
  | { readonly via: 'cli'; readonly account: string };

/** What tells an act from a repetition of the very same request. */
interface Repeatable {
  /** False where the request was seen before: then nothing may be done. Never rejects; absent where requests cannot come twice. */
  readonly fresh?: Promise<boolean>;
}

/** Something a person typed: a slash command, a mention, or a command line's arguments joined. */
export interface TypedCommand extends Repeatable {
  readonly visitor: Visitor;
  readonly text: string;
  /** Where it was typed; null on a terminal. */
  readonly channel: string | null;
  /** Thread ts, where it was typed in one (mention or message shortcut). */
  readonly thread: string | null;
  /** Unique for one act of a person: trigger_id, event_id; makes double deliveries harmless. */
  readonly requestId: string;
  /** Whether a form can be opened now. */
  readonly canOpenForm: boolean;
  /** Epoch ms at which the person has to have an answer. */
  readonly answerBy: number;
}

/** A button pressed. `value` is what `buttonValue` wrote: id and version only. */
export interface ButtonPress extends Repeatable {
  readonly visitor: Visitor;
  readonly action: string;
  readonly value: string;
  readonly channel: string | null;
  readonly thread: string | null;
  readonly requestId: string;
  readonly canOpenForm: boolean;
  readonly answerBy: number;
  /** The form it was pressed in, with what is filled in so far; absent in a message. A `form` reply with the same id redraws that form. */
  readonly form?: Pick<FormSubmission, 'form' | 'values' | 'metadata'>;
}

/** A form sent in: input values by block id, and the id and version it was opened for. */
export interface FormSubmission extends Repeatable {
  readonly visitor: Visitor;
  readonly form: string;
  readonly values: Readonly<Record<string, string | null>>;
  readonly metadata: string;
  readonly requestId: string;
  readonly answerBy: number;
}

/** A select that asks for options as somebody types, or a form whose select changed. */
export interface OptionQuery {
  readonly visitor: Visitor;
  readonly select: string;
  readonly typed: string;
  readonly metadata: string;
}

/** How an act came out, for the exit code of a command line: done, refused, not understood, or not known to have happened. */
export type Outcome = 'ok' | 'refused' | 'usage' | 'not-confirmed';

/** What a handler answers; the door acks, delivers and never lets a click go unanswered. */
export type Reply =
  | {
      readonly kind: 'say';
      readonly screen: Screen;
      readonly to: 'person' | 'channel';
      /** `ok` where it is absent. */
      readonly outcome?: Outcome;
      /** The run this act began or changed, for whoever waits for its end. */
      readonly run?: RunId;
      /** What the screen is drawn from, for `--json`. */
      readonly data?: object;
    }
  | { readonly kind: 'form'; readonly form: Form }
  /** Errors by block id, shown in the form. */
  | { readonly kind: 'form-errors'; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'options'; readonly options: readonly { readonly text: string; readonly value: string }[] }
  | { readonly kind: 'nothing' };

/** The front door's routes: one table feeds Slack and the command line. The adapter only transports. */
export interface Routes {
  readonly commandLanguage: (visitor: Visitor) => Promise<Locale>;
  command(typed: TypedCommand): Promise<Reply>;
  /** By action id; the manifest of ids is `actions`. */
  readonly actions: Readonly<Record<string, (press: ButtonPress) => Promise<Reply>>>;
  readonly forms: Readonly<Record<string, (submission: FormSubmission) => Promise<Reply>>>;
  readonly options: Readonly<Record<string, (query: OptionQuery) => Promise<Reply>>>;
  /** Said where a handler failed or did not answer in time: nothing is confirmed. */
  failed(visitor: Visitor, failure: unknown): Promise<Screen>;
}

/** A webhook body at an HTTP door, headers lower-cased, already within the size limit. */
export interface HookCall {
  readonly door: 'alertmanager' | 'deployments';
  readonly name: string;
  readonly authorization: string | null;
  readonly body: string;
  readonly receivedAt: number;
}

/** What the HTTP door answers. */
export interface HookAnswer {
  readonly status: number;
  readonly body: string;
}
