/**
 * The versions of the embedded database's folder, and how an older one becomes this program's.
 * PostgreSQL has its own (migrate.ts); an export holds rows, so a change of rows needs both.
 */
import type { DataKind } from '../../protocol/host/data-version.ts';

export const RELAY_DATA: DataKind = {
  program: 'tillbook-relay',
  setting: 'RELAY_DATA_DIR',
  signs: ['relay.json', 'relay.json.previous', 'pending.json'],
  // Numbered by their place: steps are added at the end and never changed.
  steps: [{ name: 'the folder says its version' }],
};
