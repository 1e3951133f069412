/**
 * Records as they stand in Xero's JSON, field by field as in its OpenAPI.
 */
import { dateString, type Json, messages, msDate, msInstant } from './answers.ts';
import { amountDue, amountPaid, paymentsOf } from './books.ts';
import { fromCents, fromScaled4 } from './decimal.ts';
import { classOf } from './seeds.ts';
import type {
  Account,
  Contact,
  Doc,
  Line,
  Organisation,
  Payment,
  TaxRate,
  TrackingCategory,
} from './types.ts';

/** How an element of a batch fared; shown only where Xero shows it. */
export interface Fate {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

const UPDATED = (at: number): Json => ({ UpdatedDateUTC: msInstant(at) });

export function organisationJson(o: Organisation): Json {
  return {
    Name: o.name,
    LegalName: o.name,
    PaysTax: true,
    Version: o.countryCode === 'AU' ? 'AU' : 'GLOBAL',
    OrganisationType: 'COMPANY',
    BaseCurrency: o.baseCurrency,
    CountryCode: o.countryCode,
    IsDemoCompany: true,
    OrganisationStatus: 'ACTIVE',
    ...(o.taxNumber !== '' && { TaxNumber: o.taxNumber }),
    FinancialYearEndDay: 31,
    FinancialYearEndMonth: 12,
    SalesTaxBasis: 'ACCRUALS',
    SalesTaxPeriod: 'QUARTERLY',
    DefaultSalesTax: o.defaultSalesTax,
    DefaultPurchasesTax: 'Tax Inclusive',
    ...(o.periodLockDate && { PeriodLockDate: msDate(o.periodLockDate) }),
    ...(o.endOfYearLockDate && { EndOfYearLockDate: msDate(o.endOfYearLockDate) }),
    CreatedDateUTC: msInstant(o.createdAt),
    OrganisationEntityType: 'COMPANY',
    Timezone: o.timezone,
    ShortCode: o.shortCode,
    OrganisationID: o.id,
    Edition: 'BUSINESS',
    Class: 'DEMO',
    Addresses: [],
    Phones: [],
    ExternalLinks: [],
    PaymentTerms: {},
  };
}

export function accountJson(a: Account): Json {
  return {
    AccountID: a.id,
    Code: a.code,
    Name: a.name,
    Status: a.status,
    Type: a.type,
    TaxType: a.taxType,
    Class: classOf(a.type),
    ...(a.description && { Description: a.description }),
    ...(a.systemAccount && { SystemAccount: a.systemAccount }),
    EnablePaymentsToAccount: a.enablePayments,
    ShowInExpenseClaims: false,
    ...(a.type === 'BANK' && {
      BankAccountNumber: '1234567890',
      BankAccountType: 'BANK',
      CurrencyCode: a.currency,
    }),
    ReportingCode: '',
    HasAttachments: false,
    ...UPDATED(a.updatedAt),
    AddToWatchlist: false,
  };
}

export function taxRateJson(t: TaxRate): Json {
  const applies = (name: TaxRate['appliesTo'][number]) => t.appliesTo.includes(name);
  return {
    Name: t.name,
    TaxType: t.taxType,
    ReportTaxType: t.reportTaxType,
    CanApplyToAssets: applies('ASSET'),
    CanApplyToEquity: applies('EQUITY'),
    CanApplyToExpenses: applies('EXPENSE'),
    CanApplyToLiabilities: applies('LIABILITY'),
    CanApplyToRevenue: applies('REVENUE'),
    DisplayTaxRate: fromScaled4(t.rate),
    EffectiveRate: fromScaled4(t.rate),
    Status: t.status,
    TaxComponents: [
      { Name: 'Tax', Rate: fromScaled4(t.rate), IsCompound: false, IsNonRecoverable: false },
    ],
  };
}

export function trackingJson(category: TrackingCategory, archivedToo: boolean): Json {
  return {
    Name: category.name,
    Status: category.status,
    TrackingCategoryID: category.id,
    Options: category.options
      .filter(option => archivedToo || option.status === 'ACTIVE')
      .map(option => ({
        TrackingOptionID: option.id,
        Name: option.name,
        Status: option.status,
        HasValidationErrors: false,
        IsDeleted: false,
        IsArchived: option.status === 'ARCHIVED',
        IsActive: option.status === 'ACTIVE',
      })),
  };
}

export function contactJson(c: Contact): Json {
  return {
    ContactID: c.id,
    ...(c.contactNumber && { ContactNumber: c.contactNumber }),
    ContactStatus: c.status,
    Name: c.name,
    EmailAddress: c.emailAddress ?? '',
    BankAccountDetails: '',
    Addresses: [],
    Phones: [],
    ...UPDATED(c.updatedAt),
    ContactGroups: [],
    IsSupplier: false,
    IsCustomer: c.isCustomer,
    ContactPersons: [],
    HasAttachments: false,
    HasValidationErrors: false,
  };
}

/** How much of a document is shown. Lists without `page` leave the lines out. */
export interface Detail {
  readonly lines: boolean;
  readonly fate?: Fate;
}

export function docJson(o: Organisation, doc: Doc, detail: Detail): Json {
  return doc.kind === 'invoice' ? invoiceJson(o, doc, detail) : creditNoteJson(o, doc, detail);
}

function invoiceJson(o: Organisation, doc: Doc, detail: Detail): Json {
  return {
    Type: 'ACCREC',
    InvoiceID: doc.id,
    InvoiceNumber: doc.number,
    Reference: doc.reference,
    Payments: paymentsOf(o, doc).map(paymentSummary),
    CreditNotes: [],
    Prepayments: [],
    Overpayments: [],
    AmountDue: fromCents(amountDue(o, doc)),
    AmountPaid: fromCents(amountPaid(o, doc)),
    AmountCredited: 0,
    SentToContact: false,
    CurrencyRate: 1,
    IsDiscounted: false,
    ...common(o, doc, detail),
  };
}

function creditNoteJson(o: Organisation, doc: Doc, detail: Detail): Json {
  return {
    Type: 'ACCRECCREDIT',
    CreditNoteID: doc.id,
    CreditNoteNumber: doc.number,
    Reference: doc.reference,
    Payments: paymentsOf(o, doc).map(paymentSummary),
    RemainingCredit: fromCents(amountDue(o, doc)),
    Allocations: [],
    SentToContact: false,
    CurrencyRate: 1,
    ...common(o, doc, detail),
  };
}

function common(o: Organisation, doc: Doc, { lines, fate }: Detail): Json {
  const contact = o.contacts.find(c => c.id === doc.contactId);
  return {
    HasAttachments: false,
    HasErrors: (fate?.errors.length ?? 0) > 0,
    Contact: contact === undefined ? {} : lines ? contactJson(contact) : contactSummary(contact),
    DateString: dateString(doc.date),
    Date: msDate(doc.date),
    ...(doc.dueDate && { DueDateString: dateString(doc.dueDate), DueDate: msDate(doc.dueDate) }),
    Status: doc.status,
    LineAmountTypes: doc.lineAmountTypes,
    LineItems: lines ? doc.lines.map(line => lineJson(o, line)) : [],
    SubTotal: fromCents(doc.subTotal),
    TotalTax: fromCents(doc.totalTax),
    Total: fromCents(doc.total),
    ...UPDATED(doc.updatedAt),
    CurrencyCode: doc.currency,
    ...paidOn(o, doc),
    ...fateJson(fate),
  };
}

function paidOn(o: Organisation, doc: Doc): Json {
  if (doc.status !== 'PAID') return {};
  const dates = paymentsOf(o, doc).map(p => p.date);
  const last = dates.toSorted().at(-1) ?? doc.date;
  return { FullyPaidOnDate: msDate(last) };
}

/** `StatusAttributeString` and the messages, as Xero adds them to what it was just sent. */
export function fateJson(fate: Fate | undefined): Json {
  if (fate === undefined) return {};
  const failed = fate.errors.length > 0;
  return {
    StatusAttributeString: failed ? 'ERROR' : fate.warnings.length > 0 ? 'WARNING' : 'OK',
    ...(failed && { ValidationErrors: messages(fate.errors) }),
    ...(fate.warnings.length > 0 && { Warnings: messages(fate.warnings) }),
  };
}

function contactSummary(c: Contact): Json {
  return {
    ContactID: c.id,
    Name: c.name,
    Addresses: [],
    Phones: [],
    ContactGroups: [],
    ContactPersons: [],
    HasValidationErrors: false,
  };
}

export function lineJson(o: Organisation, line: Line): Json {
  const account = o.accounts.find(a => a.id === line.accountId);
  return {
    ...(line.description !== undefined && { Description: line.description }),
    UnitAmount: fromScaled4(line.unitAmount),
    ...(line.taxType !== undefined && { TaxType: line.taxType }),
    TaxAmount: fromCents(line.taxAmount),
    LineAmount: fromCents(line.lineAmount),
    ...(account && { AccountCode: account.code, AccountID: account.id }),
    Tracking: line.tracking.map(({ categoryId, optionId }) => {
      const category = o.tracking.find(t => t.id === categoryId);
      return {
        Name: category?.name,
        Option: category?.options.find(option => option.id === optionId)?.name,
        TrackingCategoryID: categoryId,
        TrackingOptionID: optionId,
      };
    }),
    Quantity: fromScaled4(line.quantity),
    LineItemID: line.id,
    ValidationErrors: [],
  };
}

function paymentSummary(p: Payment): Json {
  return {
    PaymentID: p.id,
    Date: msDate(p.date),
    Amount: fromCents(p.amount),
    Reference: p.reference,
    CurrencyRate: 1,
    HasAccount: false,
    HasValidationErrors: false,
  };
}

/** A payment with its account and document. `full` shows the document's totals, as after a PUT. */
export function paymentJson(o: Organisation, p: Payment, full: boolean, fate?: Fate): Json {
  const doc = o.docs.find(d => d.id === p.docId);
  const account = o.accounts.find(a => a.id === p.accountId);
  return {
    PaymentID: p.id,
    Date: msDate(p.date),
    BankAmount: fromCents(p.amount),
    Amount: fromCents(p.amount),
    Reference: p.reference,
    CurrencyRate: 1,
    PaymentType: doc?.kind === 'credit-note' ? 'ARCREDITPAYMENT' : 'ACCRECPAYMENT',
    Status: p.status,
    ...UPDATED(p.updatedAt),
    HasAccount: true,
    IsReconciled: p.isReconciled,
    ...(account && {
      Account: { AccountID: account.id, Code: account.code, ...(full && { Name: account.name }) },
    }),
    ...(doc && paidDocument(o, doc, full)),
    HasValidationErrors: (fate?.errors.length ?? 0) > 0,
    ...fateJson(fate),
  };
}

/** Xero shows a refunded credit note under `Invoice` in lists, with the credit note's id there. */
function paidDocument(o: Organisation, doc: Doc, full: boolean): Json {
  if (full) {
    const shown = docJson(o, doc, { lines: true });
    return doc.kind === 'invoice' ? { Invoice: shown } : { CreditNote: shown };
  }
  const contact = o.contacts.find(c => c.id === doc.contactId);
  return {
    Invoice: {
      Type: doc.kind === 'invoice' ? 'ACCREC' : 'ACCRECCREDIT',
      InvoiceID: doc.id,
      InvoiceNumber: doc.number,
      Payments: [],
      CreditNotes: [],
      Prepayments: [],
      Overpayments: [],
      HasErrors: false,
      IsDiscounted: false,
      ...(contact && { Contact: contactSummary(contact) }),
      LineItems: [],
      CurrencyCode: doc.currency,
    },
  };
}
