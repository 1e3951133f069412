/**
 * Where a person looks at a document in Xero: its documented deep link, which asks for a sign-in and
 * then for the right organisation. Source: Xero developer centre, "Deep linking to Xero".
 */
import type { DocumentKind } from '../xero/port.ts';

const PAGES: Record<DocumentKind, { path: string; id: string }> = {
  invoice: { path: '/AccountsReceivable/View.aspx', id: 'InvoiceID' },
  'credit-note': { path: '/AccountsReceivable/ViewCreditNote.aspx', id: 'creditNoteID' },
};

/** @param loginUrl XERO_LOGIN_URL: a rehearsal's links lead to the rehearsal */
export function xeroLink(
  loginUrl: string,
  shortCode: string | undefined,
  kind: DocumentKind,
  id: string,
): string {
  const { hostname, origin } = new URL(loginUrl);
  const base = hostname.endsWith('xero.com') ? 'https://go.xero.com' : origin;
  const page = `${PAGES[kind].path}?${PAGES[kind].id}=${id}`;
  if (shortCode === undefined) return `${base}${page}`;
  const query = new URLSearchParams({ shortcode: shortCode, redirecturl: page });
  return `${base}/organisationlogin/default.aspx?${query}`;
}
