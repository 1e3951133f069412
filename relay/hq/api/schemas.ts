/** The JSON API's shapes as schemas: the types, the OpenAPI document and the tests come from them. */
import { z } from 'zod';
import { DAY_STATES } from '../../../protocol/agent-relay.ts';
import { CUT_OVER_PATTERN, DATE_PATTERN } from '../../../protocol/business-date.ts';
import { CURRENCY_PATTERN } from '../../../protocol/money.ts';

const DOCUMENT_STATES = ['planned', 'created', 'paid', 'reconciled', 'drafted', 'gone'] as const;
export const DAY_ACTIONS = ['retry', 'hold', 'release', 'post'] as const;
export type DayAction = (typeof DAY_ACTIONS)[number];

export const dateSchema = z
  .string()
  .regex(DATE_PATTERN, 'must be a date such as 2026-11-21')
  .meta({ description: 'Business date', example: '2026-11-21' });
/** Whole minor units. */
const minor = z.int();

const reasonSchema = z.object({
  code: z.string(),
  message: z.string(),
  fix: z.string(),
  raw: z.string().optional().meta({ description: "Xero's own words" }),
});

const documentSchema = z.object({
  kind: z.enum(['invoice', 'credit-note']),
  number: z.string(),
  id: z.string().nullable().meta({ description: "Xero's id; null until Xero has it" }),
  total: minor.min(0),
  state: z.enum(DOCUMENT_STATES),
});

export const dayRowSchema = z
  .object({
    store: z.string(),
    date: dateSchema,
    revision: z.int().min(0).meta({ description: 'Newest revision; 0 while none has come' }),
    state: z.enum(DAY_STATES),
    reason: z.string().optional().meta({ description: 'Code of the first reason' }),
    reasons: z.array(reasonSchema),
    documents: z.array(documentSchema),
    totals: z.object({ gross: minor, tax: minor, tenders: z.record(z.string(), minor) }),
    reconciled: z.boolean(),
  })
  .meta({ description: 'A store-day. Amounts are whole minor units of the store currency.' });
export type DayRow = z.infer<typeof dayRowSchema>;
export type DocumentRow = z.infer<typeof documentSchema>;

export const dayDetailsSchema = dayRowSchema.extend({
  revisions: z.array(
    z.object({
      revision: z.int(),
      number: z.int(),
      digest: z.string(),
      receivedAt: z.string(),
      closedAt: z.string(),
      gross: minor,
      missingNumbers: z.int().min(0),
      quarantined: z.int().min(0),
      damaged: z.int().min(0),
    }),
  ),
  keptAside: z.array(
    z.object({
      revision: z.int(),
      number: z.int(),
      digest: z.string(),
      reason: z.string(),
      receivedAt: z.string(),
    }),
  ),
  heldBy: z.string().optional(),
  releasedBy: z.string().optional(),
  events: z.array(z.object({ at: z.string(), who: z.string(), what: z.string() })),
});
export type DayDetails = z.infer<typeof dayDetailsSchema>;

export const storeRowSchema = z.object({
  id: z.string(),
  name: z.string(),
  timezone: z.string(),
  currency: z.string().regex(CURRENCY_PATTERN),
  cutOver: z.string().regex(CUT_OVER_PATTERN),
  lastSummary: z.int().min(0).meta({ description: 'Number of the newest summary; 0: none yet' }),
  lastSeenAt: z.string().nullable().meta({ description: 'Last heartbeat' }),
  organisation: z.string().nullable().meta({ description: 'Xero organisation; null before Save' }),
  postFrom: dateSchema.nullable().meta({ description: 'First business date posted by itself' }),
});
export type StoreRow = z.infer<typeof storeRowSchema>;

export const problemSchema = z.object({
  status: z.int(),
  title: z.string(),
  code: z.string(),
  detail: z.string(),
  hint: z.string().optional().meta({ description: 'What to do' }),
  field: z.string().optional().meta({ description: 'Where in the request' }),
  reference: z
    .string()
    .optional()
    .meta({ description: 'Of a failure of the relay: tell it to who runs it; it is in its log' }),
  errors: z
    .array(z.object({ code: z.string(), detail: z.string(), hint: z.string() }))
    .optional()
    .meta({ description: 'All that is wrong, where there may be more than one thing' }),
});

/** Rows in one answer; the Link header leads to the rest. */
export const DAYS_MAX = 10_000;
export const afterSchema = z
  .string()
  .regex(/^[^/]{1,200}\/\d{4}-\d\d-\d\d$/, 'must be a store and a date with a slash between')
  .meta({ description: 'The row before the first one wanted: `<store>/<date>`' });

export const daysQuerySchema = z.strictObject({
  store: z.string().optional(),
  from: dateSchema.optional(),
  to: dateSchema.optional(),
  after: afterSchema.optional(),
  limit: z
    .string()
    .regex(/^[1-9]\d{0,4}$/, `must be 1–${DAYS_MAX}`)
    .transform(Number)
    .refine(limit => limit <= DAYS_MAX, `must be 1–${DAYS_MAX}`)
    .optional(),
});

export const rangeSchema = z
  .strictObject({ from: dateSchema, to: dateSchema })
  .meta({ description: 'First and last business date, both included; at most 400 days' });

export const postedRangeSchema = z.object({
  dates: z.array(dateSchema).meta({ description: 'What is posted next, oldest first' }),
});

const plannedLineSchema = z.object({
  description: z.string(),
  accountId: z.string(),
  accountCode: z.string(),
  taxType: z.string(),
  amount: minor.meta({ description: 'Tax included' }),
  tax: minor,
  tracking: z.array(z.object({ category: z.string(), option: z.string() })),
  tender: z.string().optional().meta({ description: 'The tender that the line stands for' }),
});

const plannedDocumentSchema = z.object({
  kind: z.enum(['invoice', 'credit-note']),
  number: z.string(),
  reference: z.string(),
  date: dateSchema,
  currency: z.string(),
  status: z.enum(['AUTHORISED', 'DRAFT']),
  contactName: z.string(),
  lines: z.array(plannedLineSchema),
  payments: z.array(
    z.object({
      tender: z.string(),
      accountId: z.string(),
      amount: minor,
      reference: z.string(),
    }),
  ),
  total: minor.min(0),
  tax: minor,
  xeroTax: minor.meta({ description: 'As Xero will compute it' }),
  taxTolerance: minor,
});

export const dayPreviewSchema = z
  .object({
    store: z.string(),
    date: dateSchema,
    revision: z.int().min(0).meta({ description: '0: the day is still open' }),
    kind: z.enum(['post', 'wait', 'nothing', 'posted']).meta({
      description: 'It would be posted, would wait, has nothing to post, or is posted already',
    }),
    document: plannedDocumentSchema.optional(),
    notes: z.array(z.string()).optional(),
    reasons: z.array(reasonSchema).optional(),
    names: z.array(
      z.object({
        kind: z.string(),
        name: z.string(),
        state: z.enum(['mapped', 'fallback', 'unmapped']),
        goesTo: z.string().optional(),
      }),
    ),
  })
  .meta({ description: 'What the newest revision would become in Xero; nothing is written' });
export type DayPreview = z.infer<typeof dayPreviewSchema>;
