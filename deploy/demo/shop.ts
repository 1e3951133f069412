/**
 * The shop of the demo: writes each till's day to a file, runs three tills as processes of their
 * own, and counts what the agent acknowledged. The third till is offline at first; a bug spoils one
 * receipt, which is set aside and recorded anew. The tills stay connected when they are done.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Processes } from './processes.ts';
import type { Step } from './terminal.ts';
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
  /** Receipts that the agent has on its disk. */
  acknowledged: number;
  problems: { code: string; message: string }[];
}

export async function playDay(
  processes: Processes,
  shop: Shop,
  day: TradingDay,
  onAcknowledged: () => void,
): Promise<Played> {
  const played: Played = { acknowledged: 0, problems: [] };
  const safe = new Set<unknown>();
  const onEvent = (event: Record<string, unknown>) => {
    if ('acknowledged' in event && !safe.has(event['acknowledged'])) {
      played.acknowledged = safe.add(event['acknowledged']).size;
      onAcknowledged();
    }
    if ('problem' in event) played.problems.push(event['problem'] as Played['problems'][number]);
  };
  await Promise.all(
    day.tills.map(async ({ id, messages }, index) => {
      const folder = join(shop.folder, id);
      await mkdir(folder);
      const lines = stepsOf(messages, index).map(step => JSON.stringify(step));
      await writeFile(join(folder, 'day.ndjson'), lines.join('\n'));
      if (index === day.tills.length - 1) await wait(OFFLINE_MS);
      const args = [shop.broker, id, folder, String(PAUSE_MS)];
      const env = { TILL_PASSWORD: shop.passwords[id] ?? '' };
      await processes.play('deploy/demo/terminal.js', args, env, onEvent);
    }),
  );
  return played;
}

/** The second till's second receipt says at first that nobody paid. */
function stepsOf(messages: readonly Message[], till: number): Step[] {
  return messages.map((message, index) => {
    const receipt = receiptOf(message);
    const isSpoilt = till === 1 && index === 1;
    return isSpoilt
      ? { receipt, spoilt: { ...receipt, tenders: [] } as Step['receipt'] }
      : { receipt };
  });
}

/** Version and numbers are the kit's own. */
function receiptOf({ version, epoch, sequence, ...receipt }: Message): Step['receipt'] {
  return receipt as unknown as Step['receipt'];
}
