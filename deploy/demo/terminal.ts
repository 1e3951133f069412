/**
 * One till of the demo, a process of its own, built on the kit for JavaScript tills: records its
 * receipts and counts one as safe when the agent has it. Arguments: broker, id, folder (with
 * `day.ndjson`, one Step a line), pause between receipts in ms; the password comes in TILL_PASSWORD.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type Receipt } from '../../agent/terminal-kit/terminal.ts';

/** What happens at the till: a receipt, which a bug may spoil at first. */
export interface Step {
  receipt: Receipt;
  spoilt?: Receipt;
}

const LAST_MAX_MS = 20_000;

const [url = '', terminal = '', folder = '', pauseMs = '0'] = process.argv.slice(2);
const password = process.env['TILL_PASSWORD'] ?? '';
const corrections = new Map<string | undefined, Receipt>();

const till = await connect({ url, terminal, password, folder: join(folder, 'outbox') });
till.on('delivered', ({ id }) => report({ acknowledged: id }));
till.on('problem', problem => {
  report({ problem });
  const receipt = corrections.get(problem.id);
  if (receipt !== undefined) void till.record(receipt, { corrects: problem });
});

for (const line of (await readFile(join(folder, 'day.ndjson'), 'utf8')).split('\n')) {
  const { receipt, spoilt } = JSON.parse(line) as Step;
  if (spoilt !== undefined) corrections.set(receipt.id, receipt);
  await till.record(spoilt ?? receipt);
  await wait(Number(pauseMs));
}
if (!(await till.flush(LAST_MAX_MS))) throw new Error(`${till.waiting} receipts still wait`);
report({ done: true });
// It stays connected, as a till does in an open shop, until the demo ends.

/** One JSON line for the demo to read. */
function report(event: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
