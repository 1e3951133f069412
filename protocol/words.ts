/** Numbers in sentences. */

/**
 * @param count a whole number
 * @param many the plural where it is not `one` with an s
 * @returns `1 day`, `2 days`, `0 days`
 */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
