/**
 * Looks for whole lines within bytes that are not one: a flipped bit may have taken the newline
 * between two intact lines. Gives those that prove themselves, in their order.
 */
import { proveLine } from './chain.ts';

const START = '{"receivedAt":"';
const SEAL = /,"hash":"[0-9a-f]{64}"\}/g;
/** More candidates than this within one piece are not tried. */
const STARTS_MAX = 64;

export function salvage(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  const lines: Buffer[] = [];
  let searchedTo = 0;
  for (const seal of text.matchAll(SEAL)) {
    const end = seal.index + seal[0].length;
    let start = text.indexOf(START, searchedTo);
    for (let tried = 0; start !== -1 && start < end && tried < STARTS_MAX; tried += 1) {
      const line = bytes.subarray(start, end);
      if (proveLine(line) !== undefined) {
        lines.push(line);
        searchedTo = end;
        break;
      }
      start = text.indexOf(START, start + 1);
    }
  }
  return lines;
}
