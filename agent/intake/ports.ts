/**
 * What the intake promises and what it needs: verdicts, and the store's calendar.
 */
import type { Problem } from '../../protocol/transaction.ts';

/** What the intake must know of the store's days and currency. */
export interface StoreCalendar {
  businessDateOf(instantMs: number): string;
  today(): string;
  currency(): string | undefined;
  /** Durably takes the currency of the first message, before enrolment. */
  fixCurrency(currency: string): Promise<void>;
  /** False while the clock cannot be trusted: then no message is judged by it. */
  clockVerdictOn(): boolean;
  isClosed(date: string): boolean;
  /** False for dates that this machine cannot know (closed under another key). */
  acceptsDate(date: string): boolean;
}

export interface MessageFlags {
  qos: number;
  retained: boolean;
}

export type Verdict =
  | { kind: 'accepted' | 'duplicate' }
  | { kind: 'quarantined'; problem: Problem; id?: string; sequence?: number; number?: number };

export interface Intake {
  /** @throws AppError `disk-full`, `disk-error`, `too-many`: withhold the acknowledgement */
  take(terminal: string, payload: Buffer, flags: MessageFlags): Promise<Verdict>;
  /** Quarantines a message that must not be judged, whatever it says. @throws like `take` */
  setAside(terminal: string, payload: Buffer, problem: Problem): Promise<Verdict>;
  /** What `take` would say; stores nothing. */
  try(terminal: string, payload: Buffer): Promise<Verdict>;
}
