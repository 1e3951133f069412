/**
 * The rows of a comparison: one figure on every side that knows it, and the verdict; and those rows
 * that hold one document against what was read back from Xero.
 */
import { sumMinor } from '../../protocol/money.ts';
import type { DocumentRecord, ReadBack } from '../db/records.ts';
import { onOneLine } from './numbers.ts';
import type { PlannedDocument } from './plan.ts';

export interface ReconcileRow {
  /** For a bookkeeper: `Tax`, `card`, `TB-orchard-20261121 paid to 616`. */
  label: string;
  /** Minor units; absent where this side does not know the figure. */
  tills?: number;
  agent?: number;
  relay?: number;
  xero?: number;
  /** How far Xero may lie apart: only tax has one. */
  tolerance: number;
  /** Xero − relay, or relay − agent where Xero does not know the figure. */
  difference: number;
  verdict: 'equal' | 'within' | 'differs' | 'unknown';
}

export interface Sides {
  tills?: number;
  agent?: number;
  relay: number;
  /** `undefined` given: Xero should know and has not been read. */
  xero?: number | undefined;
}

/** @param tolerance how far Xero may lie apart, minor units */
export function row(label: string, sides: Sides, tolerance = 0): ReconcileRow {
  const { tills, agent, relay, xero } = sides;
  const inner = [tills, agent].every(side => side === undefined || side === relay);
  const known = !Object.hasOwn(sides, 'xero') || xero !== undefined;
  const difference = xero === undefined ? relay - (agent ?? relay) : xero - relay;
  return {
    label,
    ...(tills === undefined ? {} : { tills }),
    ...(agent === undefined ? {} : { agent }),
    relay,
    ...(xero === undefined ? {} : { xero }),
    tolerance,
    difference,
    verdict: judge(inner, known, Math.abs(difference), tolerance),
  };
}

function judge(
  inner: boolean,
  known: boolean,
  off: number,
  tolerance: number,
): ReconcileRow['verdict'] {
  if (!inner) return 'differs';
  if (!known) return 'unknown';
  if (off === 0) return 'equal';
  return off <= tolerance ? 'within' : 'differs';
}

/**
 * One document against what was read back: total, lines, every payment, what is still due. A draft
 * is the bookkeeper's to approve and to pay: only what we wrote is compared.
 */
export function documentRows({
  plan,
  readBack,
}: Pick<DocumentRecord, 'plan' | 'readBack'>): ReconcileRow[] {
  const { number, total } = plan;
  const rows = [
    row(`${number} total`, { relay: total, xero: readBack?.total }),
    ...lineRows(plan, readBack),
  ];
  return plan.status === 'DRAFT' ? rows : [...rows, ...paidRows(plan, readBack)];
}

/** What Xero holds of the payments that we wrote for a tender, minor units. */
export function paidInXero(plan: PlannedDocument, readBack: ReadBack, tender: string): number {
  const { missing } = unmatched(plan, readBack);
  const found = plan.payments.filter(one => one.tender === tender && !missing.includes(one));
  return sumMinor(found.map(({ amount }) => amount));
}

function paidRows(plan: PlannedDocument, readBack: ReadBack | undefined): ReconcileRow[] {
  const { number, payments } = plan;
  const left = unmatched(plan, readBack);
  return [
    ...payments.map(payment =>
      row(`${number} paid by ${payment.tender}`, {
        relay: payment.amount,
        xero: readBack && (left.missing.includes(payment) ? 0 : payment.amount),
      }),
    ),
    ...left.strange.map(({ reference, amount }) =>
      row(`${number} payment “${reference}” that is not ours`, { relay: 0, xero: amount }),
    ),
    row(`${number} still due`, { relay: 0, xero: readBack?.amountDue }),
  ];
}

/**
 * Lines by account and tax type: Xero may drop an archived account's code with a mere warning, or
 * somebody may move a line by hand. Accounts without a code cannot be told apart here.
 */
function lineRows(plan: PlannedDocument, readBack: ReadBack | undefined): ReconcileRow[] {
  const read = readBack?.lines;
  if (read === undefined) return [];
  const ours = plan.lines.map(({ accountCode, taxType, amount }) => ({
    key: `${accountCode || 'without account code'} ${taxType}`,
    amount,
  }));
  const theirs = read.map(({ account, taxType, amount }) => ({
    key: `${account || 'without account code'} ${taxType}`,
    amount,
  }));
  const sum = (lines: readonly { key: string; amount: number }[], key: string) =>
    sumMinor(lines.filter(line => line.key === key).map(({ amount }) => amount));
  return [...new Set([...ours, ...theirs].map(({ key }) => key))].map(key =>
    row(`${plan.number} lines on ${key}`, { relay: sum(ours, key), xero: sum(theirs, key) }),
  );
}

/** Payments that stand on one side only; each of Xero's fits one of ours at most. */
function unmatched(plan: PlannedDocument, readBack: ReadBack | undefined) {
  const strange = [...(readBack?.payments ?? [])];
  const missing = plan.payments.filter(({ reference, amount, accountId }) => {
    const at = strange.findIndex(
      there =>
        onOneLine(there.reference) === onOneLine(reference) &&
        there.amount === amount &&
        (there.account === '' || there.account === accountId),
    );
    if (at < 0) return true;
    strange.splice(at, 1);
    return false;
  });
  return { missing, strange };
}
