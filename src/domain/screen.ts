/** A rendered message: the text stands alone (terminal, notification, fallback), the blocks are Slack's. */
export interface Screen {
  readonly text: string;
  /** Block Kit blocks; plain data. */
  readonly blocks: readonly object[];
  /** Long content that goes along as a file. */
  readonly file?: { readonly name: string; readonly content: string };
}

/** A modal: plain data in Block Kit's shape; `fallback` is said where it cannot be opened. */
export interface Form {
  readonly id: string;
  readonly title: string;
  readonly submit: string;
  readonly close: string;
  readonly metadata: string;
  readonly blocks: readonly object[];
  readonly fallback: Screen;
}
