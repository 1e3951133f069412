/**
 * Business dates when zone or cut-over changed over the years: a list of rules, each from a date on.
 * Pure. A date begins by its own rule and ends where the next date begins by that date's rule, so a
 * day at a change is longer or shorter, and no instant belongs to two days or to none.
 */
import { addDays, businessDateOf, type Calendar, dayStart } from '../../protocol/business-date.ts';
import type { CalendarRule } from '../state.ts';

/** The rule under which a date trades. @param rules sorted by `from`, at least one */
export function ruleOf(date: string, rules: readonly CalendarRule[]): Calendar {
  const rule = rules.findLast(({ from }) => from <= date) ?? rules[0];
  if (rule === undefined) throw new Error('a calendar without a rule');
  return rule;
}

/** The instant (ms) at which a date begins. */
export function startOf(date: string, rules: readonly CalendarRule[]): number {
  return dayStart(date, ruleOf(date, rules));
}

/** The business date, `YYYY-MM-DD`, of an instant. */
export function dateAt(instantMs: number, rules: readonly CalendarRule[]): string {
  const newest = rules.at(-1);
  if (newest === undefined) throw new Error('a calendar without a rule');
  let date = businessDateOf(instantMs, newest);
  if (rules.length === 1) return date;
  while (instantMs < startOf(date, rules)) date = addDays(date, -1);
  while (instantMs >= startOf(addDays(date, 1), rules)) date = addDays(date, 1);
  return date;
}

/**
 * The rules after a change of zone or cut-over.
 * @param firstOpen the first date that may trade by the new rule; undefined: nothing was ever sold,
 *   so the new rule holds for all dates
 */
export function withRule(
  rules: readonly CalendarRule[],
  next: Calendar,
  firstOpen: string | undefined,
): CalendarRule[] {
  const { timezone, cutOver } = next;
  if (firstOpen === undefined) return [{ from: '0000-01-01', timezone, cutOver }];
  const kept = rules.filter(({ from }) => from < firstOpen);
  const newest = kept.at(-1);
  if (newest?.timezone === timezone && newest.cutOver === cutOver) return kept;
  return [...kept, { from: firstOpen, timezone, cutOver }];
}
