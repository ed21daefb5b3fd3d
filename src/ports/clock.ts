/** The time, as epoch ms; injected so that tests decide it. */
export interface Clock {
  now(): number;
}
