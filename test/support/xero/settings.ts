/**
 * What `accounting.settings.read` opens: `/Organisation`, `/Accounts`, `/TaxRates`,
 * `/TrackingCategories`. Read-only here; bookkeepers change them on the pages or by the control.
 */
import { type Answer, badQuery, envelope, type Json, NOT_FOUND } from './answers.ts';
import { parseWhereOf } from './documents-api.ts';
import type { Call } from './gate.ts';
import { inOrder } from './query.ts';
import { accountJson, organisationJson, taxRateJson, trackingJson } from './render.ts';
import { WhereError } from './where.ts';

export function getOrganisation(call: Call): Answer {
  return listed(call, 'Organisations', [organisationJson(call.organisation)]);
}

export function listAccounts(call: Call): Answer {
  const since = call.modifiedSince ?? 0;
  const accounts = call.organisation.accounts.filter(account => account.updatedAt >= since);
  return listed(call, 'Accounts', accounts.map(accountJson));
}

export function getAccount(call: Call): Answer {
  const account = call.organisation.accounts.find(a => a.id === call.id);
  return account === undefined ? NOT_FOUND : listed(call, 'Accounts', [accountJson(account)]);
}

export function listTaxRates(call: Call): Answer {
  return listed(call, 'TaxRates', call.organisation.taxRates.map(taxRateJson));
}

export function listTracking(call: Call): Answer {
  const archivedToo = call.query.get('includeArchived') === 'true';
  const categories = call.organisation.tracking.filter(c => archivedToo || c.status === 'ACTIVE');
  return listed(
    call,
    'TrackingCategories',
    categories.map(category => trackingJson(category, archivedToo)),
  );
}

function listed(call: Call, name: string, records: readonly Json[]): Answer {
  try {
    const found = inOrder(call, records.filter(parseWhereOf(call)));
    return { status: 200, body: envelope(call.world.now(), name, found) };
  } catch (error) {
    if (error instanceof WhereError) return badQuery(error.message);
    throw error;
  }
}
