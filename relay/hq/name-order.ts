/** The order of lists that people look through by name: Store 2 comes before Store 10. */
export function compareNames(a: { name: string }, b: { name: string }): number {
  return a.name.localeCompare(b.name, 'en', { numeric: true });
}
