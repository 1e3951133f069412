/** Migration 2: when each day was changed last. Applied in the world: never to be edited. */

/** The poster looks for days that another relay changed, of whatever age, without reading all. */
export const daysChanged = {
  number: 2,
  name: 'days-changed',
  sql: [
    'ALTER TABLE days ADD COLUMN changed timestamptz NOT NULL DEFAULT now();',
    'CREATE INDEX days_changed ON days (changed);',
  ].join('\n'),
} as const;
