/** The clock as a port: everything that must know the time of day asks it, so that tests can set it. */
export interface Clock {
  /** Milliseconds since 1970, UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
