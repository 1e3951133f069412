/** The words of a notice: one digest of everything that began or ended, however much it is. */
import type { AlertRecord } from '../db/records.ts';
import { ALERT_KINDS } from './alert.ts';
import type { News } from './ledger.ts';

/** Beyond this a mail says how many more there are. */
const LINES_MAX = 50;

export interface Notice {
  subject: string;
  text: string;
}

/** @param publicUrl address of the relay's pages */
export function noticeOf(news: News, publicUrl: string): Notice {
  return { subject: subjectOf(news), text: textOf(news, publicUrl) };
}

function subjectOf({ began, ended }: News): string {
  const [first] = began;
  if (first === undefined) {
    return ended.length === 1
      ? `Tillbook: mended: ${nameOf(ended[0])}`
      : `Tillbook: ${ended.length} mended`;
  }
  return began.length === 1
    ? `Tillbook: ${nameOf(first)}`
    : `Tillbook: ${began.length} things need you`;
}

function textOf({ began, ended }: News, publicUrl: string): string {
  const sections = [
    ...section(
      'Needs you',
      began.map(row => `- ${row.message}.\n  ${row.fix}`),
    ),
    ...section(
      'Mended',
      ended.map(row => `- ${row.message} (since ${row.since})`),
    ),
  ];
  return [...sections, `All alerts: ${publicUrl}/alerts`, ''].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const more = lines.length > LINES_MAX ? [`… and ${lines.length - LINES_MAX} more`] : [];
  return [title, '', ...lines.slice(0, LINES_MAX), ...more, ''];
}

function nameOf(row: AlertRecord | undefined): string {
  return row === undefined ? '' : ALERT_KINDS[row.kind];
}
