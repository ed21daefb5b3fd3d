/** What Slack says of a user. */
export interface SlackUser {
  readonly id: string;
  readonly name: string;
  readonly deleted: boolean;
  readonly bot: boolean;
  readonly guest: boolean;
  /** Of another workspace, through Slack Connect. */
  readonly outside: boolean;
  readonly locale: string | null;
  readonly mail: string | null;
}

/** Who is who in the workspace. Answers are at most 60 s old; where Slack cannot be asked, throws a `Refusal` `membership-unknown`. */
export interface Directory {
  user(slackId: string): Promise<SlackUser | null>;
  groupMembers(groupId: string): Promise<readonly string[]>;
}
