/**
 * What was told to whom. Pure: the alerts that hold now and the rows of before give the rows of now,
 * and for each channel what it still has to be told. Nothing is told twice, and an end is told only
 * to those who heard of the beginning.
 */
import type { AlertRecord } from '../db/records.ts';
import { type Alert, type AlertKind, alertKey } from './alert.ts';

/** One mailbox or one webhook. */
export interface Channel {
  id: string;
  kinds: readonly AlertKind[];
}

export interface News {
  began: AlertRecord[];
  ended: AlertRecord[];
}

/** New alerts begin, absent ones end, ended ones that nobody must hear of any more are dropped. */
export function nextRows(
  before: readonly AlertRecord[],
  alerts: readonly Alert[],
  at: string,
): AlertRecord[] {
  const known = new Map(before.map(row => [alertKey(row), row]));
  const now = alerts.map((alert): AlertRecord => {
    const row = known.get(alertKey(alert));
    known.delete(alertKey(alert));
    if (row === undefined) return { ...alert, since: at, told: [] };
    const { endedAt: _, ...open } = row;
    return { ...open, message: alert.message, fix: alert.fix };
  });
  const ended = [...known.values()]
    .filter(row => row.told.length > 0)
    .map(row => ({ ...row, endedAt: row.endedAt ?? at }));
  return [...now, ...ended];
}

export function newsFor(channel: Channel, rows: readonly AlertRecord[]): News {
  const heard = (row: AlertRecord) => row.told.includes(channel.id);
  return {
    began: rows.filter(
      row => row.endedAt === undefined && channel.kinds.includes(row.kind) && !heard(row),
    ),
    ended: rows.filter(row => row.endedAt !== undefined && heard(row)),
  };
}

/** After the channel has taken its news. */
export function markTold(
  channel: Channel,
  rows: readonly AlertRecord[],
  news: News,
): AlertRecord[] {
  const began = new Set(news.began.map(alertKey));
  const ended = new Set(news.ended.map(alertKey));
  return rows.flatMap(row => {
    if (began.has(alertKey(row)) && row.endedAt === undefined) {
      return [{ ...row, told: [...row.told, channel.id] }];
    }
    if (!ended.has(alertKey(row))) return [row];
    const told = row.told.filter(id => id !== channel.id);
    return told.length === 0 && row.endedAt !== undefined ? [] : [{ ...row, told }];
  });
}

export function isNews({ began, ended }: News): boolean {
  return began.length + ended.length > 0;
}
