/** Rows are plain JSON: made so once when they are written, and copied fast when they are read. */

/** What a restart would read of it: no `undefined`, no −0, nothing shared with the caller. */
export function normalize(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** A copy of plain JSON; half the cost of writing and parsing it, and pages read many rows. */
export function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copy);
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = copy((value as Record<string, unknown>)[key]);
    // Assigned, this name would set the prototype instead of a member.
    if (key === '__proto__') Object.defineProperty(result, key, { ...MEMBER, value: member });
    else result[key] = member;
  }
  return result;
}

const MEMBER = { enumerable: true, configurable: true, writable: true };
