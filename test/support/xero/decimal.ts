/**
 * Exact decimals for the Xero stand-in: JSON doubles in, integers of a given number of places out.
 * Xero rounds each line and its tax to cents, half away from zero; so does everything here.
 */

/** Integer hundredths of the organisation's currency, whatever the currency's own decimals. */
export type Cents = number;

/** An integer scaled by 10,000: unit amounts, quantities and tax rates have four places. */
export type Scaled4 = number;

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/;

/** `value` as an integer of 10^-places, rounded half away from zero. */
export function scale(value: number, places: number): number {
  const match = DECIMAL.exec(String(value));
  if (match === null) return 0;
  const [, sign, whole = '0', fraction = '', exponent = '0'] = match;
  const shift = places + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : divide(digits, 10n ** BigInt(-shift));
  return Number(sign === '-' ? -scaled : scaled);
}

/** `a / b` for b > 0, rounded half away from zero. */
export function divide(a: bigint, b: bigint): bigint {
  const magnitude = a < 0n ? -a : a;
  const rounded = (magnitude * 2n + b) / (b * 2n);
  return a < 0n ? -rounded : rounded;
}

/** Rounds to `places` decimals (0–4) but keeps four: what Xero does to unit amounts. */
export function roundTo(value: Scaled4, places: number): Scaled4 {
  const step = 10n ** BigInt(4 - places);
  return Number(divide(BigInt(value), step) * step);
}

/** Quantity times unit amount, in cents. */
export function multiply(quantity: Scaled4, unitAmount: Scaled4): Cents {
  return Number(divide(BigInt(quantity) * BigInt(unitAmount), 1_000_000n));
}

/** Cents as the number that stands in Xero's JSON. */
export function fromCents(cents: Cents): number {
  return cents / 100;
}

/** Four-place integers as the number that stands in Xero's JSON. */
export function fromScaled4(value: Scaled4): number {
  return value / 10_000;
}

/** Cents as people read them: `1,234.50`. */
export function formatCents(cents: Cents): string {
  return (cents / 100).toLocaleString('en', {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
}
