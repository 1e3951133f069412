/** The relay's clock as a function, so that tests can turn it. */

/** Milliseconds since 1970. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** The clock as the database writes instants: RFC 3339 in UTC. */
export function nowText(clock: Clock): string {
  return new Date(clock()).toISOString();
}
