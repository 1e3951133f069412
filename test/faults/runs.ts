/** How long and with which chance the fault suites run: a little in CI, much at night. */

/** Printed by every suite that uses chance; TILLBOOK_SEED repeats a run. */
export const SEED = Number(process.env['TILLBOOK_SEED'] ?? Date.now() % 1_000_000);

/** From the environment, as the nightly command sets it. */
export function howOften(name: string, otherwise: number): number {
  const value = process.env[name];
  return value === undefined ? otherwise : Number(value);
}

/** Options for a test that looks into /proc or sets limits of a process. */
export const LINUX = process.platform === 'linux' ? {} : { skip: 'needs Linux' };
