/**
 * A file of days that was damaged, and whose version before is used, may have lost the newest
 * revision of a day. The signed summaries are files of their own: what they hold and the days lack
 * is put back, so that no accepted sale is missing from its day.
 */
import { parseDaySummary } from '../../protocol/day-summary.ts';
import type { Logger } from '../../protocol/host/log.ts';
import { readUnverifiedPayload } from '../../protocol/signing.ts';
import { type Db, dayKey, keysUnder } from '../db/db.ts';
import type { Damage } from '../db/documents.ts';
import { addRevision } from './day-row.ts';

/**
 * @param onRepaired told of every day that got a revision back
 * @returns how many revisions were put back
 */
export async function repairDays(
  db: Db,
  log: Logger,
  damage: Damage,
  onRepaired: (key: string) => void,
): Promise<number> {
  const [, store, month] = /days[/\\]([^/\\]+)[/\\](\d{4}-\d\d)\.json$/.exec(damage.path) ?? [];
  if (store === undefined || month === undefined) return 0;
  let repaired = 0;
  for (const { key, value } of await db.list('summaries', keysUnder(`${store}/`))) {
    if (value.verdict !== 'accepted' || !value.date.startsWith(month)) continue;
    // Its signature was checked before it was stored, and the file has a checksum.
    const parsed = parseDaySummary(readUnverifiedPayload(value.jws));
    if (!parsed.ok) continue;
    const digest = key.slice(store.length + 1);
    const added = await db.write(tx => addRevision(tx, value, parsed.summary, digest));
    if (!added) continue;
    repaired += 1;
    onRepaired(dayKey(value.store, value.date));
  }
  log.warn({ event: 'repaired', store, month, repaired }, 'days were compared with the summaries');
  return repaired;
}
