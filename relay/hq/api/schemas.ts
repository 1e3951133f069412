/** The JSON API's shapes as schemas: the types, the OpenAPI document and the tests come from them. */
import { z } from 'zod';
import { CUT_OVER_PATTERN, DATE_PATTERN } from '../../../protocol/business-date.ts';
import { CURRENCY_PATTERN } from '../../../protocol/money.ts';

const DAY_STATES = [
  'received',
  'waiting',
  'drafted',
  'posting',
  'posted',
  'reconciled',
  'not-posted',
  'missing',
  'kept-aside',
] as const;
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
  errors: z
    .array(z.object({ code: z.string(), detail: z.string(), hint: z.string() }))
    .optional()
    .meta({ description: 'All that is wrong, where there may be more than one thing' }),
});

export const daysQuerySchema = z.strictObject({
  store: z.string().optional(),
  from: dateSchema.optional(),
  to: dateSchema.optional(),
});
