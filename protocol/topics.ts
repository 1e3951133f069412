/** MQTT topics of the till network and the names that stand in them. */

/** A terminal's id: also its MQTT user name and client id. */
export const TERMINAL_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function transactionsTopic(terminal: string): string {
  return `pos/v1/${terminal}/transactions`;
}

export function problemsTopic(terminal: string): string {
  return `pos/v1/${terminal}/problems`;
}

/** The terminal that a `transactions` topic names; undefined for every other topic. */
export function terminalOfTransactionsTopic(topic: string): string | undefined {
  const match = /^pos\/v1\/([^/]+)\/transactions$/.exec(topic);
  const terminal = match?.[1];
  return terminal !== undefined && TERMINAL_ID_PATTERN.test(terminal) ? terminal : undefined;
}
