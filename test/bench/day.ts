/**
 * `npm run bench:day`: two days of a shop with 200 connected tills on a real agent process whose
 * clock runs fast (libfaketime), with midnights and the day close among them. Prints its memory and
 * open files hour by hour and whether they are flat; writes its part of RESULTS.md.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { openTerminals } from '../../agent/broker/terminals.ts';
import { Processes } from '../../deploy/demo/processes.ts';
import { startFakeRelay } from '../support/fake-relay.ts';
import { findTool } from '../support/tools.ts';
import { agentEnv, residentMiB } from './contenders.ts';
import { connectTills, type Till } from './day-tills.ts';
import { quantile, type Section, type Target, table, writeSection } from './results.ts';

const TILLS = 200;
/** The second day is held against the first: the first hours only fill what Node keeps ready. */
const HOURS = 48;
const HOUR_MS = 3_600_000;
/** Simulated seconds in one second; 720 makes the two days four minutes. */
const SPEED = Number(process.env['BENCH_SPEED'] ?? 720);
/** Between two sales of one till, in simulated time. */
const SALE_EVERY_MS = 6 * 60_000;
const SAMPLES_PER_HOUR = 5;
/** Less growth than this is called flat. */
const GROWTH_MAX = 0.1;

interface Hour {
  hour: number;
  residentMiB: number;
  files: number;
  sales: number;
  closed: number;
}

const library = findTool('libfaketime');
if (library === undefined) throw new Error('needs libfaketime: apt install libfaketime');
const folder = await mkdtemp(join(tmpdir(), 'tillbook-day-'));
const processes = new Processes(folder);
const afterwards: unknown[] = [];
let startedAt = 0;
const nowMs = () => startedAt + (Date.now() - startedAt) * SPEED;
try {
  console.log(await writeSection(sectionOf(await day(library))));
} finally {
  await processes.stop();
  for (const end of afterwards) if (typeof end === 'function') await end();
  await rm(folder, { recursive: true, force: true });
}

async function day(preload: string): Promise<Hour[]> {
  const relay = await startFakeRelay({ after: end => void afterwards.push(end) });
  const env = agentEnv(join(folder, 'agent'));
  await processes.run('agent/main.js', ['enrol', '--relay', relay.url, '--code', 'CODE'], env);
  const passwords = await addTills(join(folder, 'agent'));
  startedAt = Date.now();
  relay.timeMs = nowMs;
  // Timers stay real: five seconds to sign in must not become a blink for the tills.
  const clock = { FAKETIME: `+0 x${SPEED}`, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  const fast = { ...env, LD_PRELOAD: preload, ...clock };
  const { child, listening } = await processes.start('agent', 'agent/main.js', ['run'], fast);
  const tills = await connectTills(String(listening['mqtt']), passwords, nowMs);
  const hours: Hour[] = [];
  for (let hour = 1; hour <= HOURS; hour += 1) {
    const measured = await sellAnHour(tills, child.pid ?? 0);
    const closed = new Set(relay.received.map(({ summary }) => summary.businessDate)).size;
    hours.push({ hour, ...measured, closed });
    console.log(hours.at(-1));
  }
  for (const till of tills) till.socket.destroy();
  return hours;
}

async function addTills(dataDir: string): Promise<Map<string, string>> {
  const terminals = await openTerminals(dataDir, { nowMs: Date.now });
  const passwords = new Map<string, string>();
  for (let number = 1; number <= TILLS; number += 1) {
    const { id, password } = await terminals.add(`till-${number}`);
    passwords.set(id, password);
  }
  return passwords;
}

/** Every till sells in turn; the samples lie evenly within the hour, their middle one counts. */
async function sellAnHour(tills: readonly Till[], pid: number) {
  const memory: number[] = [];
  const files: number[] = [];
  for (let sample = 0; sample < SAMPLES_PER_HOUR; sample += 1) {
    await sellFor(tills, HOUR_MS / SAMPLES_PER_HOUR / SPEED);
    memory.push(await residentMiB([pid]));
    files.push((await readdir(`/proc/${pid}/fd`)).length);
  }
  const sales = tills.reduce((sum, till) => sum + till.acknowledged, 0);
  return { residentMiB: quantile(memory, 0.5), files: quantile(files, 0.5), sales };
}

async function sellFor(tills: readonly Till[], realMs: number): Promise<void> {
  const stepMs = SALE_EVERY_MS / SPEED / tills.length;
  const from = performance.now();
  for (let sold = 0; performance.now() - from < realMs; ) {
    for (; sold * stepMs < performance.now() - from; sold += 1) next(tills).sell();
    await wait(10);
  }
}

/** The till that has sold least; in turn, therefore. */
function next(tills: readonly Till[]): Till {
  const [first, ...others] = tills;
  if (first === undefined) throw new Error('there are no tills');
  return others.reduce((least, till) => (till.sent < least.sent ? till : least), first);
}

function sectionOf(hours: readonly Hour[]): Section {
  const head = ['hour', 'memory MiB', 'open files', 'acknowledged sales', 'days delivered'];
  const rows = hours.map(({ hour, residentMiB: memory, files, sales, closed }) => [
    hour,
    memory.toFixed(1),
    files,
    sales,
    closed,
  ]);
  return {
    part: 'day',
    title: 'Two days of 200 tills',
    command: 'npm run bench:day',
    targets: [
      isFlat(
        'memory',
        hours.map(row => row.residentMiB),
      ),
      isFlat(
        'open files',
        hours.map(row => row.files),
      ),
    ],
    body: `${table(head, rows, 0)}

A real agent whose clock runs ${SPEED} times as fast, ${TILLS} connected tills, a sale each every
${SALE_EVERY_MS / 60_000} minutes of those days, midnights and the day close among them, a relay that answers.`,
  };
}

/** The most of the second day against that of the first: between them Node gives memory back. */
function isFlat(what: string, values: readonly number[]): Target {
  const first = Math.max(...values.slice(0, HOURS / 2));
  const last = Math.max(...values.slice(HOURS / 2));
  const growth = last / first - 1;
  const percent = `${growth < 0 ? '' : '+'}${(growth * 100).toFixed(1)} %`;
  return {
    target: `${what}: less than ${GROWTH_MAX * 100} % more at most on the second day than on the first`,
    measured: `${first.toFixed(1)}, then ${last.toFixed(1)} (${percent})`,
    reached: growth <= GROWTH_MAX,
  };
}
