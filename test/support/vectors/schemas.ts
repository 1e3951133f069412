/** The published JSON Schemas (draft 2020-12), made from the schemas that the programs check with. */
import { z } from 'zod';
import { daySummarySchema } from '../../../protocol/day-summary.ts';
import { transactionSchema } from '../../../protocol/transaction.ts';

/** What a terminal may write: defaults may be left out, unknown fields are let through. */
export function transactionJsonSchema(): unknown {
  return z.toJSONSchema(transactionSchema, { io: 'input', target: 'draft-2020-12' });
}

export function daySummaryJsonSchema(): unknown {
  return z.toJSONSchema(daySummarySchema, { io: 'input', target: 'draft-2020-12' });
}
