/** Who changed what, newest first. */
import type { AuditRecord } from '../../db/records.ts';
import { Page } from '../parts/page.tsx';
import { Card, Table, Time } from '../parts/show.tsx';

interface AuditProps {
  rows: AuditRecord[];
  /** Key to go on from; absent on the last page. */
  older: string | undefined;
}

export function AuditPage({ rows, older }: AuditProps) {
  return (
    <Page title="Audit log" lead="Who changed what. Nothing is ever removed from it.">
      <Card title="Changes">
        <Table
          label="Changes"
          columns={[
            { name: 'When', tight: true },
            { name: 'Who' },
            { name: 'What', tight: true },
            { name: 'Details' },
          ]}
          rows={rows.map(row => [
            <Time at={row.at} />,
            row.who,
            row.what,
            detailsText(row.details),
          ])}
          empty="Nothing was changed yet."
        />
        <p class="bar">
          {older === undefined ? null : (
            <a href={`/audit?before=${encodeURIComponent(older)}`}>Older</a>
          )}
          <a href="/audit.csv">Download all as CSV</a>
        </p>
      </Card>
    </Page>
  );
}

/** One line: of a change only what differs. */
export function detailsText(details: Record<string, unknown>): string {
  const { before, after, ...rest } = details;
  const facts = Object.entries(rest).map(([name, value]) => `${name}: ${valueText(value)}`);
  return [...facts, ...differences(before, after)].join('; ');
}

function differences(before: unknown, after: unknown): string[] {
  if (!isRecord(after)) return [];
  const old = isRecord(before) ? before : {};
  return [...new Set([...Object.keys(old), ...Object.keys(after)])]
    .filter(name => JSON.stringify(old[name]) !== JSON.stringify(after[name]))
    .flatMap(name =>
      isRecord(old[name]) && isRecord(after[name])
        ? differences(old[name], after[name]).map(change => `${name}.${change}`)
        : [`${name}: ${valueText(old[name])} → ${valueText(after[name])}`],
    );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
