/** What the operating system says of the process: the real user id, and what sudo wrote down where that is root's. */
export interface ProcessIds {
  readonly uid: number;
  /** The value of SUDO_UID, which only root can be trusted with. */
  readonly sudoUid: string | undefined;
}

/** The user id who acts: the real one, or the one behind sudo where the real one is root's; no other variable counts. */
export function actingUid({ uid, sudoUid }: ProcessIds): number {
  return uid === 0 && sudoUid !== undefined && /^\d{1,10}$/.test(sudoUid) ? Number(sudoUid) : uid;
}

/** The account name of a user id, out of the text of /etc/passwd; null where there is none. */
export function accountName(passwd: string, uid: number): string | null {
  for (const line of passwd.split('\n')) {
    const [name, , id] = line.split(':');
    if (name && id === String(uid)) return name;
  }
  return null;
}
