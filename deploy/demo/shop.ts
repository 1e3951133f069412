/**
 * The shop of the demo: writes each till's messages to a file, runs three tills as processes of
 * their own, and counts what the broker acknowledged. The third till is offline at first; one
 * message is sent twice and one is broken and sent again corrected.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from './processes.ts';
import type { Message, TradingDay } from './trading-day.ts';

const OFFLINE_MS = 1500;
const PAUSE_MS = 12;

export interface Shop {
  folder: string;
  broker: string;
  /** Password by terminal. */
  passwords: Record<string, string>;
}

export interface Played {
  acknowledged: number;
  problems: { code: string; message: string }[];
}

/** How many messages the tills publish, the repeated and the broken one included. */
export function publishedCount(day: TradingDay): number {
  return day.tills.reduce(
    (count, till, index) => count + withTrouble(till.messages, index).length,
    0,
  );
}

export async function playDay(
  processes: Processes,
  shop: Shop,
  day: TradingDay,
  onAcknowledged: () => void,
): Promise<Played> {
  const played: Played = { acknowledged: 0, problems: [] };
  const onEvent = (event: Record<string, unknown>) => {
    if ('acknowledged' in event) {
      played.acknowledged += 1;
      onAcknowledged();
    }
    if ('problem' in event) played.problems.push(event['problem'] as Played['problems'][number]);
  };
  await Promise.all(
    day.tills.map(async ({ id, messages }, index) => {
      const file = join(shop.folder, `${id}.ndjson`);
      const lines = withTrouble(messages, index).map(message => JSON.stringify(message));
      await writeFile(file, lines.join('\n'));
      if (index === day.tills.length - 1) await new Promise(done => setTimeout(done, OFFLINE_MS));
      const args = [shop.broker, id, file, String(PAUSE_MS)];
      const env = { TILL_PASSWORD: shop.passwords[id] ?? '' };
      await processes.play('deploy/demo/terminal.js', args, env, onEvent);
    }),
  );
  return played;
}

/** What goes wrong on a real network: a resend after a lost answer, and a message with a bug. */
function withTrouble(messages: readonly Message[], till: number): Message[] {
  const [first, second, ...rest] = messages;
  if (first === undefined || second === undefined) return [...messages];
  if (till === 0) return [first, first, second, ...rest];
  if (till === 1) return [first, { ...second, tenders: [] }, second, ...rest];
  return [...messages];
}
