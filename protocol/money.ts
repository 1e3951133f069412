/**
 * Money: an integer number of minor units (cents) with its currency beside it. The only file that
 * divides or converts an amount. What is split adds up again to the last unit.
 */

/** The largest amount a message may carry: 999,999,999,999 minor units, far inside 2^53. */
export const AMOUNT_MAX = 999_999_999_999;

/** Decimals that differ from 2, from ISO 4217 list one (Intl follows CLDR and differs for 17). */
const EXPONENTS: Readonly<Record<string, number>> = Object.fromEntries([
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
    .split(' ')
    .map(code => [code, 0]),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map(code => [code, 3]),
  ...'CLF UYW'.split(' ').map(code => [code, 4]),
]);

export const CURRENCY_PATTERN = /^[A-Z]{3}$/;

/** Decimals of a currency: 0 for JPY, 2 for SGD, 3 for KWD (ISO 4217). */
export function exponentOf(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/** `1105, 'SGD'` → `11.05`; `-5, 'SGD'` → `-0.05`; `1105, 'JPY'` → `1105`. No grouping. */
export function formatMinor(amountMinor: number, currency: string): string {
  const exponent = exponentOf(currency);
  const sign = amountMinor < 0 ? '-' : '';
  const digits = String(Math.abs(amountMinor)).padStart(exponent + 1, '0');
  if (exponent === 0) return sign + digits;
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/** The same with groups of three for people: `1,204.50`. */
export function formatMinorGrouped(amountMinor: number, currency: string): string {
  const [whole = '', fraction] = formatMinor(amountMinor, currency).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/**
 * Minor units → the decimal number that Xero's JSON carries: `1105, 'SGD'` → 11.05.
 * The double nearest to the decimal; it prints back as exactly that decimal for |amount| ≤ AMOUNT_MAX.
 */
export function toDecimal(amountMinor: number, currency: string): number {
  return Number(formatMinor(amountMinor, currency));
}

/**
 * A decimal number of Xero's JSON → minor units. Undefined when it is no number or not a whole
 * number of minor units (a document with half cents is never ours): it must be the very double that
 * the minor units would be written as, since a fixed tolerance is too strict for large amounts.
 */
export function fromDecimal(value: unknown, currency: string): number | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  const minor = Math.round(value * 10 ** exponentOf(currency));
  if (!Number.isSafeInteger(minor) || toDecimal(minor, currency) !== value) return undefined;
  return minor === 0 ? 0 : minor;
}

/** The sum; throws when it leaves the integers that a double holds exactly. */
export function sumMinor(amounts: Iterable<number>): number {
  let total = 0;
  for (const amount of amounts) total += amount;
  if (!Number.isSafeInteger(total)) throw new RangeError(`sum is no safe integer: ${total}`);
  return total === 0 ? 0 : total;
}

/**
 * Splits an amount in proportion to weights (≥ 0, not all 0) by largest remainder; ties go to the
 * earlier part. The parts add up to the amount exactly and carry its sign.
 */
export function splitMinor(amountMinor: number, weights: readonly number[]): number[] {
  if (weights.some(weight => weight < 0)) throw new RangeError('weights must not be negative');
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  if (total <= 0n) throw new RangeError('weights must add up to more than nothing');
  const sign = amountMinor < 0 ? -1 : 1;
  const whole = BigInt(Math.abs(amountMinor));
  const parts = weights.map((weight, index) => {
    const product = whole * BigInt(weight);
    return { index, share: product / total, remainder: product % total };
  });
  let left = Number(whole - parts.reduce((sum, part) => sum + part.share, 0n));
  const byRemainder = [...parts].sort((a, b) =>
    a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1,
  );
  for (const part of byRemainder) {
    if (left === 0) break;
    part.share += 1n;
    left -= 1;
  }
  return parts.map(part => (part.share === 0n ? 0 : sign * Number(part.share)));
}

/** The tax contained in a tax-inclusive amount at a rate in percent, rounded half away from zero. */
export function taxWithin(amountMinor: number, ratePercent: number): number {
  const sign = amountMinor < 0 ? -1 : 1;
  // The rate as a fraction of ten-thousandths of a percent keeps 8.1 or 8.875 exact.
  const rate = BigInt(Math.round(ratePercent * 10_000));
  const numerator = BigInt(Math.abs(amountMinor)) * rate;
  const denominator = 1_000_000n + rate;
  const tax = Number((2n * numerator + denominator) / (2n * denominator));
  return tax === 0 ? 0 : sign * tax;
}
