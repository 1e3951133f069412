/**
 * Which file of the data folder a row lives in. What changes together and stays small stands
 * together; days are one file per store and month, so that a write costs one month of one store,
 * and every signed summary is a file of its own.
 */
import type { TableName } from './db.ts';

export interface Place {
  /** File name below the database folder, with `/` between its parts. */
  fileOf(key: string): string;
  /** Folder whose `.json` files (at any depth) hold this table; undefined: the one file above. */
  folder?: string;
}

const RELAY = single('relay.json');

export const PLACES: Readonly<Record<TableName, Place>> = {
  settings: RELAY,
  stores: RELAY,
  agentKeys: RELAY,
  enrolmentCodes: RELAY,
  connections: RELAY,
  users: RELAY,
  apiTokens: RELAY,
  links: RELAY,
  webhooks: RELAY,
  alerts: single('alerts.json'),
  consents: single('consents.json'),
  sessions: single('sessions.json'),
  leases: single('leases.json'),
  // `<store>/<yyyy-mm-dd>` → days/<store>/<yyyy-mm>.json
  days: split('days', key => key.slice(0, -'-dd'.length)),
  summaries: split('summaries', key => key),
  heartbeats: split('heartbeats', key => key),
  charts: split('charts', key => key),
  // `<at>/<random>` → audit/<yyyy-mm>.json
  audit: split('audit', key => key.slice(0, 'yyyy-mm'.length)),
};

/** What cannot be made again: users, keys, connections, and the summaries themselves. */
export function isIrreplaceable(file: string): boolean {
  return file === RELAY.fileOf('') || file.startsWith('summaries/');
}

/** Keys become file names: one harmless alphabet, no `.` or `..` between slashes, no `__proto__`. */
const KEY_PATTERN =
  /^[A-Za-z0-9_:-][A-Za-z0-9_:.@+-]{0,199}(\/[A-Za-z0-9_-][A-Za-z0-9_:.-]{0,199}){0,2}$/;

/** An assertion: keys are made by the relay itself, what strangers type is checked before. */
export function checkKey(table: TableName, key: string): void {
  if (!KEY_PATTERN.test(key) || key === '__proto__') {
    throw new Error(`not a key of ${table}: ${JSON.stringify(key)}`);
  }
}

function single(file: string): Place {
  return { fileOf: () => file };
}

/** The prefix of a key names the file; it holds no `:`, which Windows would not take. */
function split(folder: string, prefixOf: (key: string) => string): Place {
  return {
    folder,
    fileOf: key => `${folder}/${prefixOf(key)}.json`,
  };
}
