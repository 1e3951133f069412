/** What the settings page shows: connections, the organisations they allow, stores, charts. */
import type { Reader } from '../db/db.ts';
import type { ConnectionRecord, StoreRecord } from '../db/records.ts';
import type { Account, Chart } from '../xero/chart.ts';
import { compareNames } from './name-order.ts';

export interface AllowedOrganisation {
  connection: string;
  id: string;
  name: string;
  /** Absent until Xero could be read. */
  chart: Chart | undefined;
}

export interface SettingsData {
  connections: ConnectionRecord[];
  organisations: AllowedOrganisation[];
  stores: StoreRecord[];
}

export async function loadSettings(db: Reader): Promise<SettingsData> {
  const connections = (await db.list('connections')).map(row => row.value);
  const stores = await loadStores(db);
  const connected = connections.filter(connection => connection.state === 'connected');
  const organisations: AllowedOrganisation[] = [];
  for (const connection of connected) {
    for (const { id, name } of connection.organisations) {
      if (organisations.some(known => known.id === id)) continue;
      const chart = await db.get('charts', id);
      organisations.push({ connection: connection.id, id, name, chart });
    }
  }
  return { connections, organisations, stores };
}

/** Open stores by name. */
export async function loadStores(db: Reader): Promise<StoreRecord[]> {
  const stores = (await db.list('stores')).map(row => row.value);
  return stores.filter(store => store.closedAt === undefined).sort(compareNames);
}

/** A mapping may name an account by its code or its id. */
export function accountOf(chart: Chart | undefined, codeOrId: string): Account | undefined {
  return chart?.accounts.find(account => account.id === codeOrId || account.code === codeOrId);
}
