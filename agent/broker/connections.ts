/**
 * What the broker knows of every terminal: connected or not, when it was last heard, and what it
 * does that it should not. Kept in memory for the status page.
 */
import type { Clock } from '../clock.ts';

const PROBLEMS_MAX = 10;
const TERMINALS_MAX = 1000;

export interface ConnectionProblem {
  code: string;
  message: string;
  atMs: number;
}

export interface TerminalConnection {
  terminal: string;
  connected: boolean;
  /** Last packet, ms since 1970. */
  lastSeenMs: number | undefined;
  /** Messages that came with QoS 0 or with the retain flag, since the start. */
  qos0: number;
  retained: number;
  /** The newest few, oldest first. */
  problems: ConnectionProblem[];
}

export class Connections {
  readonly #clock: Clock;
  readonly #terminals = new Map<string, TerminalConnection>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  list(): TerminalConnection[] {
    return [...this.#terminals.values()].map(row => ({ ...row, problems: [...row.problems] }));
  }

  connected(terminal: string, connected: boolean): void {
    this.#of(terminal).connected = connected;
    this.seen(terminal);
  }

  seen(terminal: string): void {
    this.#of(terminal).lastSeenMs = this.#clock.nowMs();
  }

  message(terminal: string, qos: number, retained: boolean): void {
    const row = this.#of(terminal);
    row.lastSeenMs = this.#clock.nowMs();
    if (qos === 0) row.qos0 += 1;
    if (retained) row.retained += 1;
  }

  /** A repeated problem is kept once, with its newest time. */
  problem(terminal: string, code: string, message: string): void {
    const row = this.#of(terminal);
    row.problems = row.problems.filter(problem => problem.code !== code);
    row.problems.push({ code, message, atMs: this.#clock.nowMs() });
    if (row.problems.length > PROBLEMS_MAX) row.problems.shift();
  }

  forget(terminal: string): void {
    this.#terminals.delete(terminal);
  }

  #of(terminal: string): TerminalConnection {
    let row = this.#terminals.get(terminal);
    if (row === undefined) {
      if (this.#terminals.size >= TERMINALS_MAX) this.#dropOneThatIsGone();
      row = {
        terminal,
        connected: false,
        lastSeenMs: undefined,
        qos0: 0,
        retained: 0,
        problems: [],
      };
      this.#terminals.set(terminal, row);
    }
    return row;
  }

  #dropOneThatIsGone(): void {
    for (const row of this.#terminals.values()) {
      if (row.connected) continue;
      this.#terminals.delete(row.terminal);
      return;
    }
  }
}
