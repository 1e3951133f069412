/**
 * Reads what a mapping may name from one organisation: accounts, tax rates, tracking, lock dates;
 * and finds or makes the contacts that documents are addressed to. Five calls at most for a chart.
 */
import type {
  Account as SdkAccount,
  Organisation as SdkOrganisation,
  TaxRate as SdkRate,
} from 'xero-node';
import { type CallDeps, callXero, listOf, type SdkCall } from './calls.ts';
import type { Account, Chart, Organisation, TaxRate, TrackingCategory } from './chart.ts';
import { dateText } from './documents.ts';
import { unavailable, unknownOutcome } from './failures.ts';
import { BATCH_MAX, type CallerKind, type OrganisationRef } from './port.ts';

export async function readChart(
  deps: CallDeps,
  ref: OrganisationRef,
  caller: CallerKind,
  readAt: string,
): Promise<Chart> {
  const read = <Body>(call: SdkCall<Body>) => callXero(deps, ref, { caller, writes: false }, call);
  const tenant = ref.organisation;
  const [organisations, accounts, rates, tracking] = await Promise.all([
    read(api => api.getOrganisations(tenant)),
    read(api => api.getAccounts(tenant)),
    read(api => api.getTaxRates(tenant)),
    read(api => api.getTrackingCategories(tenant)),
  ]);
  const [organisation] = listOf(organisations.organisations, false);
  if (organisation === undefined) throw unavailable('it named no organisation');
  return {
    readAt,
    organisation: organisationOf(tenant, organisation),
    accounts: listOf(accounts.accounts, false).flatMap(accountOf),
    taxRates: listOf(rates.taxRates, false).flatMap(taxRateOf),
    tracking: listOf(tracking.trackingCategories, false).flatMap(category =>
      trackingOf({ ...category }),
    ),
  };
}

function organisationOf(id: string, source: SdkOrganisation): Organisation {
  const { shortCode } = source;
  const periodLockDate = dateText(source.periodLockDate);
  const endOfYearLockDate = dateText(source.endOfYearLockDate);
  return {
    id,
    name: source.name ?? id,
    currency: String(source.baseCurrency ?? ''),
    ...(shortCode ? { shortCode } : {}),
    ...(periodLockDate ? { periodLockDate } : {}),
    ...(endOfYearLockDate ? { endOfYearLockDate } : {}),
  };
}

function accountOf(source: SdkAccount): Account[] {
  const { accountID: id, code, taxType } = source;
  if (!id) return [];
  const systemAccount = String(source.systemAccount ?? '');
  const currency = String(source.currencyCode ?? '');
  return [
    {
      id,
      name: source.name ?? '',
      type: String(source.type ?? ''),
      class: String(source._class ?? ''),
      status: String(source.status) === 'ARCHIVED' ? 'ARCHIVED' : 'ACTIVE',
      enablePayments: source.enablePaymentsToAccount === true,
      ...(code ? { code } : {}),
      ...(taxType ? { taxType } : {}),
      ...(systemAccount ? { systemAccount } : {}),
      ...(currency ? { currency } : {}),
    },
  ];
}

const RATE_STATES = ['ACTIVE', 'DELETED', 'ARCHIVED', 'PENDING'] as const;

function taxRateOf(source: SdkRate): TaxRate[] {
  const { taxType } = source;
  if (!taxType) return [];
  return [
    {
      taxType,
      name: source.name ?? taxType,
      ratePercent: source.effectiveRate ?? source.displayTaxRate ?? 0,
      status: RATE_STATES.find(state => state === String(source.status)) ?? 'ACTIVE',
      canApplyToRevenue: source.canApplyToRevenue !== false,
      canApplyToAssets: source.canApplyToAssets !== false,
      canApplyToLiabilities: source.canApplyToLiabilities !== false,
      canApplyToExpenses: source.canApplyToExpenses !== false,
      canApplyToEquity: source.canApplyToEquity !== false,
    },
  ];
}

interface SdkCategory {
  trackingCategoryID?: string;
  name?: string;
  options?: { trackingOptionID?: string; name?: string; status?: unknown }[];
}

function trackingOf(source: SdkCategory): TrackingCategory[] {
  const { trackingCategoryID: id, name } = source;
  if (!id || !name) return [];
  const options = (source.options ?? []).flatMap(option =>
    option.trackingOptionID && option.name
      ? [{ id: option.trackingOptionID, name: option.name, active: isActive(option.status) }]
      : [],
  );
  return [{ id, name, options }];
}

function isActive(status: unknown): boolean {
  return status === undefined || String(status) === 'ACTIVE';
}

/** Ids of contacts by name. Names are compared without case, as Xero does. */
export async function findContacts(
  deps: CallDeps,
  ref: OrganisationRef,
  names: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let at = 0; at < names.length; at += BATCH_MAX) {
    const some = names.slice(at, at + BATCH_MAX);
    const known = await lookUp(deps, ref, some);
    const missing = some.filter(name => !known.has(fold(name)));
    const made = missing.length === 0 ? known : await makeContacts(deps, ref, missing, known);
    for (const name of some) {
      const id = made.get(fold(name));
      if (id !== undefined) found.set(name, id);
    }
  }
  return found;
}

async function lookUp(
  deps: CallDeps,
  ref: OrganisationRef,
  names: readonly string[],
): Promise<Map<string, string>> {
  const where = names.map(name => `Name==${quote(name)}`).join(' OR ');
  const body = await callXero(deps, ref, { caller: 'poster', writes: false }, api =>
    api.getContacts(ref.organisation, undefined, where),
  );
  return byName(listOf(body.contacts, false));
}

/**
 * A name is unique among active contacts: a repeat after a lost answer finds it by looking up, and
 * so does a refusal because somebody else (a relay that shares the database) was faster. A name that
 * Xero refuses for another reason is left out.
 */
async function makeContacts(
  deps: CallDeps,
  ref: OrganisationRef,
  names: readonly string[],
  known: Map<string, string>,
): Promise<Map<string, string>> {
  const contacts = names.map(name => ({ name }));
  const body = await callXero(deps, ref, { caller: 'poster', writes: true }, api =>
    api.createContacts(ref.organisation, { contacts }, false),
  );
  const answered = listOf(body.contacts, true);
  if (answered.length !== names.length) throw unknownOutcome('Xero did not answer every contact');
  const made = byName(answered.filter(contact => contact.hasValidationErrors !== true));
  const refused = names.filter(name => !made.has(fold(name)));
  const taken = refused.length === 0 ? made : await lookUp(deps, ref, refused);
  return new Map([...known, ...made, ...taken]);
}

function byName(contacts: { name?: string; contactID?: string }[]): Map<string, string> {
  return new Map(
    contacts.flatMap(({ name, contactID }) => (name && contactID ? [[fold(name), contactID]] : [])),
  );
}

function fold(name: string): string {
  return name.trim().toLowerCase();
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
