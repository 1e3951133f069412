/** The audit log as a page and as CSV. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listAudit } from '../../db/audit.ts';
import type { AuditRecord } from '../../db/records.ts';
import { show } from '../answers.tsx';
import { query, type UserCall } from '../call.ts';
import { toCsv } from '../csv.ts';
import { AuditPage, detailsText, type NameOf } from '../views/audit.tsx';
import { accountName } from '../xero-choices.ts';
import type { Route } from './route.ts';

const ROWS_PER_PAGE = 100;
/** Read and sent at once; the export goes on until nothing is left. */
const EXPORT_ROWS_AT_ONCE = 1000;

export function auditRoutes(): Route[] {
  return [
    { method: 'get', path: '/audit', needs: 'viewer', run: showAudit },
    { method: 'get', path: '/audit.csv', needs: 'viewer', run: exportAudit },
  ];
}

async function showAudit(call: UserCall): Promise<void> {
  const before = query(call, 'before');
  const rows = await listAudit(call.deps.db, ROWS_PER_PAGE, before || undefined);
  const older = rows.length === ROWS_PER_PAGE ? rows.at(-1)?.key : undefined;
  const nameOf = await readNames(call);
  show(
    call,
    'Audit log',
    <AuditPage rows={rows.map(row => row.value)} nameOf={nameOf} older={older} />,
  );
}

/** All of it, newest first, a part at a time: it only ever grows. */
async function exportAudit(call: UserCall): Promise<void> {
  call.res.type('csv').attachment('audit-log.csv');
  await pipeline(Readable.from(auditLines(call)), call.res);
}

async function* auditLines(call: UserCall): AsyncGenerator<string> {
  const nameOf = await readNames(call);
  yield toCsv([['When', 'Who', 'What', 'Details']]);
  let before: string | undefined;
  do {
    const rows = await listAudit(call.deps.db, EXPORT_ROWS_AT_ONCE, before);
    yield toCsv(rows.map(({ value }) => cellsOf(value, nameOf)));
    before = rows.length === EXPORT_ROWS_AT_ONCE ? rows.at(-1)?.key : undefined;
  } while (before !== undefined);
}

function cellsOf({ at, who, what, details }: AuditRecord, nameOf: NameOf): string[] {
  return [at, who, what, detailsText(details, nameOf)];
}

/** What an id in the log means to a reader, as far as the charts know it. */
async function readNames({ deps }: UserCall): Promise<NameOf> {
  const names = new Map<string, string>();
  for (const { value } of await deps.db.list('charts')) {
    names.set(value.organisation.id, value.organisation.name);
    for (const account of value.accounts) names.set(account.id, accountName(account));
  }
  return id => names.get(id);
}
