/**
 * The lines of a document: what Xero computes for each (amount, tax, rounding) and what it refuses.
 * In: a line as sent. Out: the line as kept, with the errors and warnings it earned.
 */
import { randomUUID } from 'node:crypto';
import { findAccount } from './books.ts';
import { divide, fromCents, multiply, roundTo, type Scaled4, scale } from './decimal.ts';
import type { LineInput, TrackingInput } from './input.ts';
import { classOf } from './seeds.ts';
import type {
  Account,
  DocumentStatus,
  Line,
  LineAmountTypes,
  LineTracking,
  Organisation,
} from './types.ts';

export interface LineContext {
  readonly organisation: Organisation;
  readonly status: DocumentStatus;
  readonly amounts: LineAmountTypes;
  /** 2, or 4 when the caller asked for `unitdp=4`. */
  readonly unitDecimals: 2 | 4;
  readonly taxDecimals: 0 | 2;
  readonly errors: string[];
  readonly warnings: string[];
}

const DESCRIPTION_MAX = 4000;
const TRACKING_MAX = 2;
const ONE: Scaled4 = 10_000;

export function makeLine(context: LineContext, input: LineInput): Line {
  const { errors } = context;
  const quantity = scale(input.Quantity ?? 1, 4);
  const unitAmount = roundTo(scale(input.UnitAmount ?? 0, 4), context.unitDecimals);
  const account = lineAccount(context, input);
  if (quantity < 0) errors.push('Line item quantity must be greater than or equal to zero.');
  if (input.ItemCode) errors.push(`Item code '${input.ItemCode}' is not valid.`);
  if (input.DiscountRate || input.DiscountAmount) {
    errors.push('Discounts on lines are not part of this stand-in.');
  }
  checkDescription(context, input.Description);
  const lineAmount = multiply(quantity, unitAmount);
  checkLineAmount(context, input, lineAmount);
  const taxType = lineTaxType(context, input, account);
  const rate = context.organisation.taxRates.find(t => t.taxType === taxType)?.rate ?? 0;
  const computed = taxOn(lineAmount, rate, context.amounts, context.taxDecimals);
  return {
    id: input.LineItemID || randomUUID(),
    ...(input.Description && { description: input.Description }),
    quantity: input.Quantity === undefined || input.Quantity === null ? ONE : quantity,
    unitAmount,
    lineAmount,
    ...(account && { accountId: account.id }),
    ...(taxType && { taxType }),
    taxAmount: overriddenTax(context, input, lineAmount) ?? computed,
    tracking: lineTracking(context, input.Tracking ?? []),
  };
}

/** Tax within (Inclusive) or on top of (Exclusive) a line, rounded by itself. */
export function taxOn(
  lineAmount: number,
  rate: Scaled4,
  amounts: LineAmountTypes,
  decimals: 0 | 2,
): number {
  if (amounts === 'NoTax') return 0;
  const hundred = 1_000_000n;
  const base = amounts === 'Inclusive' ? hundred + BigInt(rate) : hundred;
  const step = decimals === 0 ? 100n : 1n;
  return Number(divide(BigInt(lineAmount) * BigInt(rate), base * step) * step);
}

function checkDescription({ status, errors }: LineContext, description?: string | null): void {
  if (status === 'AUTHORISED' && !description?.trim()) {
    errors.push('Description must be specified for each line item.');
  }
  if ((description?.length ?? 0) > DESCRIPTION_MAX) {
    errors.push(`Line item description must be at most ${DESCRIPTION_MAX} characters.`);
  }
}

function checkLineAmount({ errors }: LineContext, input: LineInput, expected: number): void {
  if (input.LineAmount === undefined || input.LineAmount === null) return;
  if (scale(input.LineAmount, 2) === expected) return;
  errors.push(
    `The line total ${input.LineAmount} does not match the expected line total ${fromCents(expected)}`,
  );
}

/** `TaxAmount` may replace what Xero computes, within the line's own amount. */
function overriddenTax(
  { amounts, errors }: LineContext,
  { TaxAmount }: LineInput,
  lineAmount: number,
): number | undefined {
  if (TaxAmount === undefined || TaxAmount === null || amounts === 'NoTax') return undefined;
  const tax = scale(TaxAmount, 2);
  if (Math.abs(tax) > Math.abs(lineAmount)) errors.push('The tax amount exceeds the line amount.');
  return tax;
}

function lineAccount(context: LineContext, input: LineInput): Account | undefined {
  const { organisation, status, errors, warnings } = context;
  const named = input.AccountCode ?? input.AccountID;
  if (!named) {
    if (status === 'AUTHORISED') errors.push('Account code must be specified.');
    return undefined;
  }
  const account = input.AccountCode
    ? findAccount(organisation, { code: input.AccountCode })
    : findAccount(organisation, { id: input.AccountID ?? undefined });
  if (account === undefined || !mayStandOnLine(account)) {
    errors.push(`Account code '${account?.code ?? named}' is not a valid code for this document.`);
    return undefined;
  }
  if (account.status === 'ACTIVE') return account;
  const said = `Account code '${account.code}' has been archived, or has been deleted. Each line item must reference a valid account.`;
  (account.whenArchived === 'error' ? errors : warnings).push(said);
  return undefined;
}

/** Bank accounts and Xero's own accounts stand on no line; only ROUNDING does. */
function mayStandOnLine(account: Account): boolean {
  const own = account.systemAccount !== undefined && account.systemAccount !== 'ROUNDING';
  return account.type !== 'BANK' && !own;
}

function lineTaxType(
  { organisation, status, amounts, errors }: LineContext,
  { TaxType: sent }: LineInput,
  account: Account | undefined,
): string | undefined {
  if (amounts === 'NoTax') return 'NONE';
  if (!sent) {
    if (status === 'AUTHORISED') errors.push('The TaxType field is mandatory');
    return account?.taxType;
  }
  const rate = organisation.taxRates.find(t => t.taxType === sent && t.status === 'ACTIVE');
  if (rate === undefined || /INPUT|EXPENSES/.test(rate.reportTaxType)) {
    errors.push(
      `The TaxType code ${sent} does not exist or cannot be used for this type of transaction.`,
    );
    return undefined;
  }
  const accountClass = classOf(account?.type ?? '');
  if (accountClass !== undefined && !rate.appliesTo.includes(accountClass)) {
    errors.push(`The TaxType code '${sent}' cannot be used with account code '${account?.code}'.`);
  }
  return sent;
}

function lineTracking(context: LineContext, inputs: readonly TrackingInput[]): LineTracking[] {
  if (inputs.length > TRACKING_MAX) {
    context.errors.push(`Only ${TRACKING_MAX} tracking categories can be assigned to a line item.`);
  }
  return inputs.flatMap(input => {
    const found = findTracking(context.organisation, input);
    if (found === undefined) {
      const said = `${input.Name ?? input.TrackingCategoryID}: ${input.Option ?? input.TrackingOptionID}`;
      context.errors.push(`The tracking category option '${said}' does not exist or is archived.`);
    }
    return found === undefined ? [] : [found];
  });
}

function findTracking(o: Organisation, input: TrackingInput): LineTracking | undefined {
  const category = o.tracking.find(
    c =>
      c.status === 'ACTIVE' &&
      (input.TrackingCategoryID ? c.id === input.TrackingCategoryID : c.name === input.Name),
  );
  const option = category?.options.find(
    candidate =>
      candidate.status === 'ACTIVE' &&
      (input.TrackingOptionID
        ? candidate.id === input.TrackingOptionID
        : candidate.name === input.Option),
  );
  if (category === undefined || option === undefined) return undefined;
  return { categoryId: category.id, optionId: option.id };
}
