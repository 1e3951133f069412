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
          columns={[{ name: 'When' }, { name: 'Who' }, { name: 'What' }, { name: 'Details' }]}
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

export function detailsText(details: Record<string, unknown>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
