/**
 * What head office is alerted of: the closed list of kinds with the words for people, and the shape
 * of one alert. An alert is a state that holds now, told once when it begins and once when it ends.
 */

export const ALERT_KINDS = {
  'store-silent': 'A shop is silent',
  'day-missing': 'A day did not come',
  'day-waiting': 'A day waits to be posted',
  'mapping-wrong': 'A mapping no longer fits Xero',
  'kept-aside': 'A summary was kept aside',
  'connection-lost': 'The connection to Xero is lost',
  'token-ending': 'The connection to Xero is near its end',
  gap: 'Sales are missing in between',
  quarantine: 'Messages were set aside in a shop',
  damage: 'A shop’s disk damaged records',
  'clock-wrong': 'A shop’s clock is wrong',
  cloned: 'Two machines work with the same key',
} as const;

export type AlertKind = keyof typeof ALERT_KINDS;

export const ALL_KINDS = Object.keys(ALERT_KINDS) as AlertKind[];

export interface Alert {
  kind: AlertKind;
  /** What it is about; with the kind it names the alert: `bedok`, `bedok/2026-11-22`. */
  subject: string;
  /** A sentence for a bookkeeper. */
  message: string;
  /** What to do, a sentence. */
  fix: string;
}

export function alertKey(alert: Pick<Alert, 'kind' | 'subject'>): string {
  return `${alert.kind}/${alert.subject}`;
}
