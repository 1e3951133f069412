/** Migration 1: one table per kind of row. Applied in the world: never to be edited. */

const TABLES = [
  ...['settings', 'stores', 'agent_keys', 'enrolment_codes', 'heartbeats', 'days', 'summaries'],
  ...['connections', 'consents', 'charts', 'users', 'links', 'sessions', 'api_tokens', 'audit'],
  ...['leases', 'alerts', 'webhooks'],
];

/** `json`, not `jsonb`: rows come back byte for byte, also a name that is `__proto__`. */
const table = (name: string) =>
  `CREATE TABLE ${name} (key text COLLATE "C" PRIMARY KEY, value json NOT NULL);`;

export const rows = {
  number: 1,
  name: 'rows',
  sql: [
    ...TABLES.map(table),
    '-- No rows: locked by a transaction that must be alone.',
    'CREATE TABLE turn ();',
  ].join('\n'),
} as const;
