/**
 * Builds a day summary from a day's totals, pure. What goes out is checked like what comes in: a
 * summary that does not add up is a bug and ends the process rather than being signed.
 */
import { checkDaySummary, type DayParts, type DaySummary } from '../../protocol/day-summary.ts';

type SalesRow = DayParts['sales'][number];

export interface SummaryInput {
  storeId: string;
  businessDate: string;
  revision: number;
  number: number;
  timezone: string;
  currency: string;
  closedAt: string;
  parts: DayParts;
  quarantined: number;
  damaged: number;
  journal: { entries: number; head: string };
  previous: string;
}

/** The members stand in the order of the contract. @throws Error when the parts do not add up */
export function buildSummary(input: SummaryInput): DaySummary {
  const { parts } = input;
  const summary: DaySummary = {
    version: 1,
    storeId: input.storeId,
    businessDate: input.businessDate,
    revision: input.revision,
    number: input.number,
    timezone: input.timezone,
    currency: input.currency,
    closedAt: input.closedAt,
    counts: parts.counts,
    sales: parts.sales.map(inOrder),
    tenders: parts.tenders,
    rounding: parts.rounding,
    cash: parts.cash,
    overShort: parts.overShort,
    terminals: parts.terminals,
    quarantined: input.quarantined,
    damaged: input.damaged,
    journal: input.journal,
    previous: input.previous,
  };
  const broken = checkDaySummary(summary);
  if (broken !== undefined) throw new Error(`summary ${input.businessDate}: ${broken.message}`);
  return summary;
}

/** A row's members in the order of the contract; what is absent stays absent. */
function inOrder({ kind, category, taxCode, count, amount, discount, tax }: SalesRow): SalesRow {
  return {
    kind,
    ...(category === undefined ? {} : { category }),
    ...(taxCode === undefined ? {} : { taxCode }),
    ...{ count, amount, discount, tax },
  };
}

/** True when a terminal has fewer messages than the signed revision counted: history was lost. */
export function losesHistory(signed: DaySummary, now: DayParts): boolean {
  return signed.terminals.some(before => {
    const row = now.terminals.find(
      ({ terminal, epoch }) => terminal === before.terminal && epoch === before.epoch,
    );
    return row === undefined || row.count < before.count;
  });
}
