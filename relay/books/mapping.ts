/**
 * What HQ chose for one store: which Xero account, tax type and tracking each name at the tills
 * goes to. Comes in: JSON (form or API). Goes out: a mapping with its defaults filled in.
 */
import { z } from 'zod';
import { LINE_KINDS } from '../../protocol/transaction.ts';

/** A Xero account code or id. */
const account = z.string().min(1).max(64);
const tracking = z.array(z.object({ category: z.string(), option: z.string() })).max(2);

export const mappingSchema = z.strictObject({
  /** Xero organisation (tenant) id. */
  organisation: z.string().min(1),
  /** Accounts for Products. */
  products: account,
  /** Default Payment Account. */
  payment: account,
  /** Tax type of lines without a tax code. */
  noTax: z.string().min(1).default('NONE'),
  /** Tax type of balance-sheet lines; `noTax` when absent. */
  outOfScope: z.string().min(1).optional(),
  /** Till tax code → Xero tax type. */
  taxes: z.record(z.string(), z.string().min(1)).default({}),
  kinds: z.partialRecord(z.enum(LINE_KINDS), account).default({}),
  categories: z
    .record(z.string(), z.strictObject({ account, tracking: tracking.optional() }))
    .default({}),
  tenders: z
    .record(
      z.string(),
      z.union([z.strictObject({ payment: account }), z.strictObject({ line: account })]),
    )
    .default({}),
  /** The tender whose payment carries cash movements. */
  cashTender: z.string().min(1).default('cash'),
  /** Absent: the account with SystemAccount ROUNDING. */
  rounding: account.optional(),
  overShort: account.optional(),
  /** Cash-in/out reason → account; `cashOther` for all other reasons. */
  cash: z.record(z.string(), account).default({}),
  cashOther: account.optional(),
  /** Present: discounts are shown as lines of their own on this account. */
  discounts: account.optional(),
  tracking: tracking.optional(),
  lines: z.enum(['bucket', 'category']).default('bucket'),
  status: z.enum(['AUTHORISED', 'DRAFT']).default('AUTHORISED'),
  lockPolicy: z.enum(['hold', 'draft']).default('hold'),
  zeroInvoice: z.boolean().default(false),
  /** Minor units; absent: 1 per 2 till lines plus 1 per Xero line. */
  taxTolerance: z.int().min(0).optional(),
  gaps: z.enum(['post', 'hold']).default('post'),
  contact: z.string().min(1).max(255).optional(),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,20}$/)
    .default('TB'),
  reference: z.string().min(1).max(255).optional(),
});

export type Mapping = z.infer<typeof mappingSchema>;
