declare const brand: unique symbol;

/** A rollback run's id: a ULID, so ids sort by time and are never reused after a lost write. */
export type RunId = string & { readonly [brand]: 'RunId' };

/** A proposal's id: a ULID. */
export type ProposalId = string & { readonly [brand]: 'ProposalId' };

/** A target's id, `service/environment`: the unit of the lock. */
export type TargetId = string & { readonly [brand]: 'TargetId' };

/** A person's key in the catalogue: one person, however they come in. */
export type PersonId = string & { readonly [brand]: 'PersonId' };

/** Crockford base 32 in 26 characters, as ULIDs are written. */
const ulidPattern = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** Reads a run id out of untrusted text; null where it is none. */
export function parseRunId(text: string): RunId | null {
  return ulidPattern.test(text) ? (text as RunId) : null;
}

/** Reads a proposal id out of untrusted text; null where it is none. */
export function parseProposalId(text: string): ProposalId | null {
  return ulidPattern.test(text) ? (text as ProposalId) : null;
}

/** The short form people read and type, `R-4K7Q`: the last four characters of the ULID's random part. */
export function shortRunId(id: RunId): string {
  return `R-${id.slice(-4)}`;
}

/** Joins a service and an environment, both names of the catalogue, to a target id. */
export function targetId(service: string, environment: string): TargetId {
  return `${service}/${environment}` as TargetId;
}

/** Splits a target id into its service and environment. */
export function targetParts(id: TargetId): { service: string; environment: string } {
  const at = id.indexOf('/');
  return { service: id.slice(0, at), environment: id.slice(at + 1) };
}

/** Names a person by their key in the catalogue. */
export function personId(key: string): PersonId {
  return key as PersonId;
}
