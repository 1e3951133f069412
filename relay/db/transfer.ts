/**
 * Everything of a relay as one text file, from any database into any other: a line per row, and at
 * the end how many rows each table has and a digest of them. What was put in is read back and held
 * against those. Secrets stay sealed in it: the key file goes separately.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { AppError } from '../../protocol/errors.ts';
import type { Db, Reader, TableName } from './db.ts';
import { PLACES } from './places.ts';
import type { Tables } from './records.ts';

const FORMAT = 'tillbook-relay-export';
const VERSION = 1;
/** Rows per page and per transaction; a signed summary takes up to 1 MB. */
const PAGE_ROWS = 200;
/** `settings` comes last: a database that has it is complete. */
const TABLES = Object.keys(PLACES)
  .sort((a, b) => Number(a === 'settings') - Number(b === 'settings'))
  .map(name => name as TableName);

/** Rows and digest (base64url SHA-256 over keys and rows in the order of keys) by table. */
export type Inventory = Record<string, { rows: number; digest: string }>;

type Line = [table: TableName, key: string, value: unknown];

/**
 * Writes the file, for its owner only, and syncs it. The rows are those of one instant if nobody
 * writes meanwhile: the relays are to be stopped.
 * @throws AppError already-exists when the file is there
 */
export async function exportTo(db: Reader, path: string): Promise<Inventory> {
  const file = await open(path, 'wx', 0o600).catch(error => {
    throw fileError(path, error);
  });
  try {
    await writeLine(file, { format: FORMAT, version: VERSION });
    const inventory = await takeInventory(db, lines => file.appendFile(lines.join('')));
    await writeLine(file, { inventory });
    await file.sync();
    return inventory;
  } finally {
    await file.close();
  }
}

/**
 * @throws AppError already-exists when the database is in use, damaged when the file is not whole
 */
export async function importFrom(db: Db, path: string): Promise<Inventory> {
  if ((await db.get('settings', 'relay')) !== undefined) {
    throw new AppError('already-exists', 'this database already belongs to a relay', {
      hint: 'import into an empty folder or database',
    });
  }
  // The whole file is checked before anything is written.
  const inventory = await readThrough(path, async () => undefined);
  await readThrough(path, async lines => {
    await db.write(async tx => {
      for (const [table, key, value] of lines) await tx.put(table, key, value as Tables[TableName]);
    });
  });
  compare(await takeInventory(db), inventory, 'the database does not hold what the file says');
  return inventory;
}

/** Counts and digests of all that a database holds. */
export async function takeInventory(
  db: Reader,
  take: (lines: string[]) => Promise<void> = async () => undefined,
): Promise<Inventory> {
  const tally = new Tally();
  for (const table of TABLES) {
    tally.open(table);
    // `!` comes before every character of a key.
    for (let from = ''; ; ) {
      const rows = await db.list(table, { from, limit: PAGE_ROWS });
      const last = rows.at(-1);
      if (last === undefined) break;
      await take(rows.map(({ key, value }) => tally.add([table, key, value])));
      from = `${last.key}!`;
    }
  }
  return tally.result();
}

class Tally {
  readonly #tables = new Map<string, { rows: number; hash: ReturnType<typeof createHash> }>();

  open(table: string): void {
    this.#tables.set(table, { rows: 0, hash: createHash('sha256') });
  }

  /** @returns the line as it stands in the file */
  add(line: Line): string {
    const text = `${JSON.stringify(line)}\n`;
    const counted = this.#tables.get(line[0]);
    if (counted === undefined) throw damaged(`there is no table ${line[0]}`);
    counted.rows += 1;
    counted.hash.update(text);
    return text;
  }

  result(): Inventory {
    return Object.fromEntries(
      [...this.#tables].map(([table, { rows, hash }]) => [
        table,
        { rows, digest: hash.digest('base64url') },
      ]),
    );
  }
}

/** Reads all rows in pages, and holds them against the inventory at the end of the file. */
async function readThrough(
  path: string,
  take: (lines: Line[]) => Promise<void>,
): Promise<Inventory> {
  const tally = new Tally();
  for (const table of TABLES) tally.open(table);
  let page: Line[] = [];
  let inventory: Inventory | undefined;
  let isFirst = true;
  for await (const text of linesOf(path)) {
    const line = parse(text);
    if (isFirst) checkHeader(line);
    else if (Array.isArray(line)) {
      tally.add(line as Line);
      page.push(line as Line);
    } else inventory = (line as { inventory?: Inventory }).inventory;
    isFirst = false;
    if (page.length < PAGE_ROWS) continue;
    await take(page);
    page = [];
  }
  if (inventory === undefined) throw damaged('its end is missing');
  compare(tally.result(), inventory, 'the file was changed or cut');
  await take(page);
  return inventory;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw fileError(path, error);
  } finally {
    input.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw damaged('a line of it is no JSON', cause);
  }
}

function checkHeader(line: unknown): void {
  const { format, version } = (line ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) throw damaged('it is no export of a relay');
  if (version === VERSION) return;
  throw new AppError('bad-input', `the export has version ${version}, known is ${VERSION}`, {
    hint: 'import it with the program that made it, or a newer one',
  });
}

/** A table that one side does not know has no rows there. */
function compare(found: Inventory, said: Inventory, message: string): void {
  for (const table of new Set([...Object.keys(found), ...Object.keys(said)])) {
    const [a, b] = [found[table], said[table]];
    if ((a?.rows ?? 0) === 0 && (b?.rows ?? 0) === 0) continue;
    if (a?.rows === b?.rows && a?.digest === b?.digest) continue;
    throw damaged(`${message}: ${table} has ${a?.rows ?? 0} rows instead of ${b?.rows ?? 0}`);
  }
}

async function writeLine(file: FileHandle, line: unknown): Promise<void> {
  await file.appendFile(`${JSON.stringify(line)}\n`);
}

function damaged(message: string, cause?: unknown): AppError {
  return new AppError('damaged', `the export is not good: ${message}`, {
    hint: 'nothing of it is in use yet: export again, import into an empty folder or database',
    cause,
  });
}

function fileError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return new AppError('already-exists', `${path} is there already`);
  if (code === 'ENOENT') return new AppError('not-found', `there is no ${path}`);
  return error;
}
