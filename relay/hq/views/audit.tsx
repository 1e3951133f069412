/** Who changed what, newest first. */
import type { AuditRecord } from '../../db/records.ts';
import { Page } from '../parts/page.tsx';
import { Card, Table, Time } from '../parts/show.tsx';

/** What an id in the log means to a reader, where it is known. */
export type NameOf = (id: string) => string | undefined;

interface AuditProps {
  rows: AuditRecord[];
  nameOf: NameOf;
  /** Key to go on from; absent on the last page. */
  older: string | undefined;
}

export function AuditPage({ rows, nameOf, older }: AuditProps) {
  return (
    <Page title="Audit log" lead="Who changed what. Nothing is ever removed from it.">
      <Card title="Changes">
        <Table
          label="Changes"
          columns={[
            { name: 'When', tight: true },
            { name: 'Who', roomy: true },
            { name: 'What', roomy: true },
            { name: 'Details' },
          ]}
          rows={rows.map(row => [
            <Time at={row.at} />,
            row.who,
            row.what,
            detailsText(row.details, nameOf),
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

/** One line: of a change only what differs. `nameOf` knows accounts and organisations by their id. */
export function detailsText(details: Record<string, unknown>, nameOf: NameOf): string {
  const { before, after, ...rest } = details;
  const text = (value: unknown) => valueText(value, nameOf);
  const facts = Object.entries(rest).map(([name, value]) => `${name}: ${text(value)}`);
  const changes = differences(before, after).map(({ name, from, to }) =>
    isNothing(from) ? `${name}: ${text(to)}` : `${name}: ${text(from)} → ${text(to)}`,
  );
  return [...facts, ...changes].join('; ');
}

interface Difference {
  name: string;
  from: unknown;
  to: unknown;
}

function differences(before: unknown, after: unknown, within = ''): Difference[] {
  if (!isRecord(after)) return [];
  const old = isRecord(before) ? before : {};
  return [...new Set([...Object.keys(old), ...Object.keys(after)])].flatMap(key => {
    const change = { name: `${within}${key}`, from: old[key], to: after[key] };
    if (isNothing(change.from) && isNothing(change.to)) return [];
    if (JSON.stringify(change.from) === JSON.stringify(change.to)) return [];
    const isTable = isRecord(change.to) && Object.values(change.to).some(isRecord);
    const both = isRecord(change.from) && isRecord(change.to);
    return both || isTable ? differences(change.from, change.to, `${change.name}.`) : [change];
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function valueText(value: unknown, nameOf: NameOf): string {
  if (isNothing(value)) return 'nothing';
  if (typeof value === 'string') return nameOf(value) ?? value;
  if (Array.isArray(value)) return value.map(part => valueText(part, nameOf)).join(', ');
  if (!isRecord(value)) return String(value);
  const parts = Object.entries(value).map(([name, part]) => `${name} ${valueText(part, nameOf)}`);
  return parts.join(', ');
}
