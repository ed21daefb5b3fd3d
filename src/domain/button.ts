/** Writes a button's value: an id and the version it was drawn from, never more. */
export function buttonValue(id: string, version: number, extra = ''): string {
  return extra ? `${id}.${version}.${extra}` : `${id}.${version}`;
}

/** Reads a button's value; null where it is not one of ours. `extra` names a check, a release key or an index. */
export function parseButtonValue(value: string): { id: string; version: number; extra: string } | null {
  const match = /^(?<id>[0-9A-HJKMNP-TV-Z]{26})\.(?<version>\d{1,9})(?:\.(?<extra>[\w:@/+-]{1,200}))?$/.exec(value);
  if (!match?.groups) return null;
  const { id = '', version = '', extra = '' } = match.groups;
  return { id, version: Number(version), extra };
}
