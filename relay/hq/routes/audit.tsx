/** The audit log as a page and as CSV. */

import { listAudit } from '../../db/audit.ts';
import { show } from '../answers.tsx';
import { query, type UserCall } from '../call.ts';
import { toCsv } from '../csv.ts';
import { AuditPage, detailsText } from '../views/audit.tsx';
import type { Route } from './route.ts';

const ROWS_PER_PAGE = 100;
const EXPORT_ROWS_MAX = 10_000;

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
  show(call, 'Audit log', <AuditPage rows={rows.map(row => row.value)} older={older} />);
}

async function exportAudit(call: UserCall): Promise<void> {
  const rows = await listAudit(call.deps.db, EXPORT_ROWS_MAX);
  const cells = rows.map(({ value }) => [
    value.at,
    value.who,
    value.what,
    detailsText(value.details),
  ]);
  call.res
    .type('csv')
    .attachment('audit-log.csv')
    .send(toCsv([['When', 'Who', 'What', 'Details'], ...cells]));
}
