/**
 * What will stop a store's next days if nobody acts, told before the close: a mapping that no longer
 * fits Xero (found at night), and names at the tills that nobody has mapped yet (from heartbeats).
 */
import type { Heartbeat } from '../../protocol/agent-relay.ts';
import type { StoreBooks } from '../db/records.ts';
import type { Chart } from '../xero/chart.ts';
import { namesOf, namesToMap } from './names.ts';
import { unmappedReasons } from './preview.ts';
import type { Reason } from './reasons.ts';

/** Empty when nothing stands in the way. */
export function noticesOf(
  books: Pick<StoreBooks, 'mapping' | 'problems'>,
  heartbeat: Pick<Heartbeat, 'names' | 'today'> | undefined,
  chart: Chart | undefined,
): Reason[] {
  const problems = books.problems ?? [];
  if (heartbeat === undefined || chart === undefined) return [...problems];
  const { names, today } = heartbeat;
  // A tax code can only be judged by sales: codes of other days say nothing today.
  const taxCodes = today === undefined ? [] : namesOf(today).taxCodes;
  const seen = namesToMap({ ...names, taxCodes }, books.mapping, chart, today);
  return [...problems, ...unmappedReasons(seen)];
}
