/** What every key begins with: one hash tag, so that all scripts are legal on Redis Cluster. */
export const prefix = '{backout}:';

/** The keys that TypeScript reads by itself; the scripts build the same names. */
export const keys = {
  run: (id: string) => `${prefix}run:${id}`,
  log: (id: string) => `${prefix}log:${id}`,
  progress: (id: string) => `${prefix}progress:${id}`,
  target: (target: string) => `${prefix}target:${target}`,
  short: (suffix: string) => `${prefix}short:${suffix}`,
  thread: (thread: string) => `${prefix}thread:${thread}`,
  message: (channel: string, ts: string) => `${prefix}message:${channel}:${ts}`,
  catalogue: (hash: string) => `${prefix}catalogue:${hash}`,
  currentCatalogue: `${prefix}catalogue`,
  once: (key: string) => `${prefix}once:${key}`,
  allRuns: `${prefix}runs`,
  openRuns: `${prefix}open`,
  runsOfTarget: (target: string) => `${prefix}of-target:${target}`,
  runsOfService: (service: string) => `${prefix}of-service:${service}`,
  runsInStatus: (status: string) => `${prefix}in-status:${status}`,
  episode: (fingerprint: string) => `${prefix}episode:${fingerprint}`,
  episodesOf: (target: string) => `${prefix}episodes-of:${target}`,
  proposal: (id: string) => `${prefix}proposal:${id}`,
  proposalOf: (target: string) => `${prefix}proposal-of:${target}`,
  releases: (target: string) => `${prefix}releases:${target}`,
  holds: (target: string) => `${prefix}holds-of:${target}`,
  kept: (name: string) => `${prefix}kept:${name}`,
  freeze: (target: string) => `${prefix}freeze:${target}`,
  /** Milliseconds that tests add to the server's clock. */
  testOffset: `${prefix}test-offset`,
  /** Pub/sub channel that wakes the relays. */
  relayBell: `${prefix}relay`,
} as const;
