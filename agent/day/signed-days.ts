/**
 * The signed summaries of this shop and the relay's receipts for them, as files: `summaries/
 * DATE.n.jws`, `receipts/DATE.n.jws`. The files are the truth; the index in memory is read from them
 * at the start. A summary is on disk before anybody hears of it, and is never written again.
 */
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Receipt, receiptSchema } from '../../protocol/agent-relay.ts';
import { type DaySummary, daySummarySchema } from '../../protocol/day-summary.ts';
import { syncFolder, writeFileDurably } from '../../protocol/host/durable-file.ts';
import { digestOf, readUnverifiedPayload, signerOf } from '../../protocol/signing.ts';

/** What is kept in memory of a signed summary. */
export interface SignedDay {
  date: string;
  revision: number;
  number: number;
  digest: string;
  /** Id of the key that signed it; '' when its header says none. */
  kid: string;
  closedAt: string;
  entries: number;
  damaged: number;
  /** The gaps it listed, as text to compare with. */
  missing: string;
  receipt?: Receipt;
}

export interface SignedDays {
  /** Newest revision of a date; undefined when it was never closed here. */
  newest(date: string): SignedDay | undefined;
  /** All, by number. */
  all(): readonly SignedDay[];
  /** Number and digest of the last one; undefined before the first. */
  last(): SignedDay | undefined;
  /** Names of the summaries that could not be read and lie in `summaries/damaged`. */
  readonly damaged: readonly string[];
  summary(day: SignedDay): Promise<DaySummary>;
  compact(day: SignedDay): Promise<string>;
  /** The receipt as the relay signed it; undefined when there is none. */
  receiptText(day: SignedDay): Promise<string | undefined>;
  /** Writes a signed summary durably and only then knows of it. @returns its path */
  add(summary: DaySummary, compact: string): Promise<SignedDay>;
  addReceipt(day: SignedDay, receipt: Receipt, compact: string): Promise<void>;
  /** Sets a receipt aside: the relay has lost what it confirmed. */
  dropReceipt(day: SignedDay): Promise<void>;
  /** Puts the same day, signed anew, in a summary's place; the old text stays in `former/`. */
  signAgain(day: SignedDay, summary: DaySummary, compact: string): Promise<SignedDay>;
  /** Takes a summary that is not of the relay's chain out of the way, into `aside/`. */
  setAside(day: SignedDay): Promise<void>;
}

const FORMER = 'former';
const ASIDE = 'aside';
const DAMAGED = 'damaged';

const NAME = /^(\d{4}-\d\d-\d\d)\.([1-9]\d*)\.jws$/;

/** @param onDamage told of a summary that cannot be read; it is set aside, and the shop sells on */
export async function openSignedDays(
  dataDir: string,
  onDamage: (path: string) => void = () => undefined,
): Promise<SignedDays> {
  const folders = { summaries: join(dataDir, 'summaries'), receipts: join(dataDir, 'receipts') };
  for (const folder of Object.values(folders)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeLeftovers(folder);
  }
  const days = await readSummaries(folders.summaries, onDamage);
  for (const day of days) await readReceipt(folders.receipts, day);
  const damaged = await readdir(join(folders.summaries, DAMAGED)).catch(() => []);
  return new FiledDays(folders, days, damaged.sort());
}

class FiledDays implements SignedDays {
  readonly #folders: { summaries: string; receipts: string };
  readonly #newest = new Map<string, SignedDay>();
  readonly damaged: readonly string[];
  #byNumber: SignedDay[];

  constructor(
    folders: { summaries: string; receipts: string },
    days: SignedDay[],
    damaged: readonly string[],
  ) {
    this.#folders = folders;
    this.#byNumber = days;
    this.damaged = damaged;
    for (const day of days) this.#know(day);
  }

  newest(date: string): SignedDay | undefined {
    return this.#newest.get(date);
  }

  all(): readonly SignedDay[] {
    return this.#byNumber;
  }

  last(): SignedDay | undefined {
    return this.#byNumber.at(-1);
  }

  async compact(day: SignedDay): Promise<string> {
    return await readFile(this.#pathOf(day), 'utf8');
  }

  async summary(day: SignedDay): Promise<DaySummary> {
    return daySummarySchema.parse(readUnverifiedPayload(await this.compact(day)));
  }

  async receiptText(day: SignedDay): Promise<string | undefined> {
    if (day.receipt === undefined) return undefined;
    return await readFile(join(this.#folders.receipts, nameOf(day)), 'utf8');
  }

  async add(summary: DaySummary, compact: string): Promise<SignedDay> {
    const day = signedDay(summary, compact);
    await writeFileDurably(this.#pathOf(day), compact);
    this.#byNumber.push(day);
    this.#know(day);
    return day;
  }

  async addReceipt(day: SignedDay, receipt: Receipt, compact: string): Promise<void> {
    // Signed anew while it was on its way: the answer is to a text that is not sent any more.
    if (!this.#byNumber.includes(day)) return;
    await writeFileDurably(join(this.#folders.receipts, nameOf(day)), compact);
    day.receipt = receipt;
  }

  async dropReceipt(day: SignedDay): Promise<void> {
    const path = join(this.#folders.receipts, nameOf(day));
    await rename(path, `${path}.lost`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error; // Gone already: that is what is wanted.
    });
    await syncFolder(this.#folders.receipts);
    delete day.receipt;
  }

  async signAgain(day: SignedDay, summary: DaySummary, compact: string): Promise<SignedDay> {
    const next = signedDay(summary, compact);
    if (next.digest === day.digest) return day;
    const folder = await this.#subfolder(FORMER);
    await copyDurably(this.#pathOf(day), join(folder, formerName(day)));
    await writeFileDurably(this.#pathOf(next), compact);
    this.#relist([...this.#byNumber.filter(other => other !== day), next]);
    return next;
  }

  async setAside(day: SignedDay): Promise<void> {
    const folder = await this.#subfolder(ASIDE);
    await rename(this.#pathOf(day), join(folder, formerName(day)));
    await syncFolder(folder);
    await syncFolder(this.#folders.summaries);
    this.#relist(this.#byNumber.filter(other => other !== day));
  }

  #pathOf(day: Pick<SignedDay, 'date' | 'revision'>): string {
    return join(this.#folders.summaries, nameOf(day));
  }

  async #subfolder(name: string): Promise<string> {
    const folder = join(this.#folders.summaries, name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(this.#folders.summaries);
    return folder;
  }

  #relist(days: SignedDay[]): void {
    this.#byNumber = days.sort((a, b) => a.number - b.number);
    this.#newest.clear();
    for (const day of this.#byNumber) this.#know(day);
  }

  #know(day: SignedDay): void {
    const known = this.#newest.get(day.date);
    if (known === undefined || known.revision < day.revision) this.#newest.set(day.date, day);
  }
}

function nameOf(day: Pick<SignedDay, 'date' | 'revision'>): string {
  return `${day.date}.${day.revision}.jws`;
}

function signedDay(summary: DaySummary, compact: string): SignedDay {
  const { businessDate: date, revision, number, closedAt } = summary;
  return {
    date,
    revision,
    number,
    digest: digestOf(compact),
    kid: kidOf(compact),
    closedAt,
    entries: summary.journal.entries,
    damaged: summary.damaged,
    missing: gapsOf(summary),
  };
}

function kidOf(compact: string): string {
  try {
    return signerOf(compact, 'tillbook-day+jws');
  } catch {
    return ''; // `verify` says what is wrong with it.
  }
}

/** `2026-11-21.1.7hX2c9Qa.jws`: the digest tells several of one day apart. */
function formerName({ date, revision, digest }: SignedDay): string {
  return `${date}.${revision}.${digest.slice(0, 8)}.jws`;
}

async function copyDurably(from: string, to: string): Promise<void> {
  await writeFileDurably(to, await readFile(from));
}

/** The gaps of a day as text: two days with the same text have the same gaps. */
export function gapsOf(parts: Pick<DaySummary, 'terminals'>): string {
  return parts.terminals
    .filter(({ missing }) => missing.length > 0)
    .map(({ terminal, epoch, missing }) => `${terminal} ${epoch} ${JSON.stringify(missing)}`)
    .join('\n');
}

async function readSummaries(
  folder: string,
  onDamage: (path: string) => void,
): Promise<SignedDay[]> {
  const days: SignedDay[] = [];
  for (const name of await readdir(folder)) {
    if (!NAME.test(name)) continue;
    const compact = await readFile(join(folder, name), 'utf8');
    const parsed = daySummarySchema.safeParse(payloadOf(compact));
    if (!parsed.success || `${parsed.data.businessDate}.${parsed.data.revision}.jws` !== name) {
      onDamage(await setDamagedAside(folder, name));
      continue;
    }
    days.push(signedDay(parsed.data, compact));
  }
  return days.sort((a, b) => a.number - b.number);
}

/** @returns where it is now */
async function setDamagedAside(folder: string, name: string): Promise<string> {
  const aside = join(folder, DAMAGED);
  await mkdir(aside, { recursive: true, mode: 0o700 });
  await rename(join(folder, name), join(aside, name));
  await syncFolder(aside);
  await syncFolder(folder);
  return join(aside, name);
}

/** A receipt that cannot be read is no receipt: the summary is sent again and gets a new one. */
async function readReceipt(folder: string, day: SignedDay): Promise<void> {
  const compact = await readFile(join(folder, nameOf(day)), 'utf8').catch(() => undefined);
  if (compact === undefined) return;
  const receipt = receiptSchema.safeParse(payloadOf(compact));
  if (receipt.success && receipt.data.digest === day.digest) day.receipt = receipt.data;
}

function payloadOf(compact: string): unknown {
  try {
    return readUnverifiedPayload(compact);
  } catch {
    return undefined; // The caller's schema refuses it.
  }
}

/** Temporary files of a write that the power cut through. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
  }
}
