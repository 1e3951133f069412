/**
 * Rows in the documents of the embedded database: read, listed in the order of their keys, and
 * changed by a transaction, which sees its own changes and those of its group. Nothing is written
 * here: what comes of it is the new content of the documents.
 */
import type { KeyRange, Row, TableName, Writer } from './db.ts';
import type { Content, Documents } from './documents.ts';
import { checkKey, PLACES } from './places.ts';
import { copy, normalize } from './plain-json.ts';
import type { Tables } from './records.ts';

const LIST_LIMIT = 10_000;

/** Changes of transactions by file, table and key; `undefined` is a removed row. */
export type Changes = Map<string, Map<TableName, Map<string, unknown>>>;

export class LowTransaction implements Writer {
  readonly #documents: Documents;
  /** What the transactions before it in its group have changed. */
  readonly #group: Changes;
  readonly #changes: Changes = new Map();

  constructor(documents: Documents, group: Changes) {
    this.#documents = documents;
    this.#group = group;
  }

  async get<Name extends TableName>(table: Name, key: string): Promise<Tables[Name] | undefined> {
    const file = PLACES[table].fileOf(key);
    for (const layer of [this.#changes, this.#group]) {
      const changed = layer.get(file)?.get(table);
      if (changed?.has(key)) return copy(changed.get(key)) as Tables[Name] | undefined;
    }
    return await readRow(this.#documents, table, key);
  }

  async list<Name extends TableName>(table: Name, range: KeyRange = {}): Promise<Row<Name>[]> {
    return await listRows(this.#documents, table, range, [this.#group, this.#changes]);
  }

  async put<Name extends TableName>(table: Name, key: string, value: Tables[Name]): Promise<void> {
    checkKey(table, key);
    this.#change(table, key, normalize(value));
  }

  async remove<Name extends TableName>(table: Name, key: string): Promise<void> {
    checkKey(table, key);
    this.#change(table, key, undefined);
  }

  /** Its changes become the group's. */
  join(): void {
    for (const tables of this.#changes.values()) {
      for (const [table, rows] of tables) {
        for (const [key, value] of rows) note(this.#group, table, key, value);
      }
    }
  }

  #change(table: TableName, key: string, value: unknown): void {
    note(this.#changes, table, key, value);
  }
}

function note(changes: Changes, table: TableName, key: string, value: unknown): void {
  const file = PLACES[table].fileOf(key);
  const tables = changes.get(file) ?? new Map<TableName, Map<string, unknown>>();
  const rows = tables.get(table) ?? new Map<string, unknown>();
  changes.set(file, tables.set(table, rows.set(key, value)));
}

/** New contents of every document that is changed. */
export async function outcomeOf(
  documents: Documents,
  changes: Changes,
): Promise<Map<string, Content>> {
  const contents = new Map<string, Content>();
  for (const [file, tables] of changes) {
    contents.set(file, merge(await documents.read(file), tables));
  }
  return contents;
}

function merge(
  before: Content,
  tables: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Content {
  const after = { ...before };
  for (const [table, rows] of tables) {
    const merged = new Map(Object.entries(before[table] ?? {}));
    for (const [key, value] of rows) {
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    after[table] = Object.fromEntries(merged);
  }
  return after;
}

export async function readRow<Name extends TableName>(
  documents: Documents,
  table: Name,
  key: string,
): Promise<Tables[Name] | undefined> {
  checkKey(table, key);
  const rows = (await documents.read(PLACES[table].fileOf(key)))[table];
  if (rows === undefined || !Object.hasOwn(rows, key)) return undefined;
  return copy(rows[key]) as Tables[Name];
}

export async function listRows<Name extends TableName>(
  documents: Documents,
  table: Name,
  range: KeyRange,
  layers: readonly Changes[],
): Promise<Row<Name>[]> {
  const { from = '', to, limit = LIST_LIMIT, reverse = false } = range;
  const rows: Row<Name>[] = [];
  for (const file of await filesOf(documents, table, range, layers)) {
    const found = new Map(Object.entries((await documents.read(file))[table] ?? {}));
    for (const layer of layers) {
      for (const [key, value] of layer.get(file)?.get(table) ?? []) found.set(key, value);
    }
    const keys = [...found.keys()].filter(
      key => key >= from && (to === undefined || key < to) && found.get(key) !== undefined,
    );
    keys.sort();
    if (reverse) keys.reverse();
    for (const key of keys.slice(0, limit - rows.length)) {
      rows.push({ key, value: copy(found.get(key)) as Tables[Name] });
    }
    if (rows.length >= limit) break;
  }
  return rows;
}

/**
 * Documents that may hold rows of the range, in the order of their keys: a file's name without
 * `.json` is a whole key, or the beginning of its keys and of no other file's.
 */
async function filesOf(
  documents: Documents,
  table: TableName,
  range: KeyRange,
  layers: readonly Changes[],
): Promise<string[]> {
  const { from, to, reverse } = range;
  const { folder, fileOf } = PLACES[table];
  if (folder === undefined) return [fileOf('')];
  const below = await documents.namesBelow(folder + commonFolder(range));
  const changed = layers
    .flatMap(layer => [...layer])
    .filter(([, tables]) => tables.has(table))
    .map(([file]) => file);
  const beginnings = [...new Set([...below, ...changed])]
    .map(file => file.slice(folder.length + 1, -'.json'.length))
    .filter(
      start => (from === undefined || `${start}\uffff` >= from) && (to === undefined || start < to),
    )
    .sort();
  if (reverse) beginnings.reverse();
  return beginnings.map(start => `${folder}/${start}.json`);
}

/** `/shop` when all keys of the range begin with `shop/`: other stores' folders are not looked at. */
function commonFolder({ from = '', to = '' }: KeyRange): string {
  const cut = from.indexOf('/') + 1;
  return cut > 1 && to.startsWith(from.slice(0, cut)) ? `/${from.slice(0, cut - 1)}` : '';
}
