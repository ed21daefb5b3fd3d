/** A rendered message: the text stands alone (terminal, notification, fallback), the blocks are Slack's. */
export interface Screen {
  readonly text: string;
  /** Block Kit blocks; plain data. */
  readonly blocks: readonly object[];
  /** Long content that goes along as a file. */
  readonly file?: { readonly name: string; readonly content: string };
}
