/**
 * `tillbook/terminal`: what a till written in JavaScript or TypeScript needs to hand its receipts to
 * the agent. A receipt is on the till's own disk when `record` resolves; the kit numbers it and
 * sends it until the agent has it on disk, over restarts of either side.
 */
import { EventEmitter } from 'node:events';
import { AppError } from '../../protocol/errors.ts';
import { TERMINAL_ID_PATTERN } from '../../protocol/topics.ts';
import type { Problem, TerminalEvents } from './events.ts';
import { Outbox } from './outbox.ts';
import type { Json, Receipt, Recorded } from './receipt.ts';
import { Sender } from './sender.ts';

export type { AppError as TerminalError } from '../../protocol/errors.ts';
export type { Disconnected, Problem, TerminalEvents } from './events.ts';
export type {
  CashCount,
  CashMovement,
  Line,
  NoSale,
  Receipt,
  Recorded,
  Tender,
  Trade,
  Void,
} from './receipt.ts';

const CLOSE_WITHIN_MS = 5000;

export interface ConnectOptions {
  /** The agent: `mqtt://host:1883`, or `mqtts://host:8883` with `ca`. */
  url: string;
  /** The terminal's id, as in `tillbook-agent terminal add ID`. */
  terminal: string;
  /** What `terminal add` printed. */
  password: string;
  /** Folder of the outbox, on a disk that stays; made if it is not there. One process at a time. */
  folder: string;
  /** ISO 4217; for receipts that name none. */
  currency?: string;
  /** PEM of the agent's certificate (`tls.crt`) or of your own authority. */
  ca?: string;
  /** First pause before a new attempt to connect, ms; it doubles up to a minute. Default 1000. */
  retryMs?: number;
  /** A connection without any answer to what was sent is given up after this, ms. Default 30,000. */
  answerWithinMs?: number;
}

export interface RecordOptions {
  /** The receipt takes the place of the one that this problem is about: same id, same number. */
  corrects?: Problem;
}

/** A till's line to the agent. */
export interface Terminal {
  /** Receipts that are recorded and not yet acknowledged. */
  readonly waiting: number;
  readonly connected: boolean;
  /**
   * Damaged lines found in the outbox when it was opened (set aside in `damaged.ndjson`). Their
   * numbers are not used again; the agent reports them as missing.
   */
  readonly damagedLines: number;
  /**
   * Resolves when the receipt is on the till's disk: from then on it is not lost, whatever happens
   * to the process, the network or the agent. The same receipt with the same `id` again gives what
   * it gave before (for the last 1,000), so a till that died while it recorded may repeat it.
   * @throws TerminalError with a `code`: `bad-input`, `conflict` (its id has another content),
   *   `not-found` (what it corrects), `disk-full` (try again), `disk-error`, `not-allowed` (closed)
   */
  record(receipt: Receipt, options?: RecordOptions): Promise<Recorded>;
  /** True when nothing waits any more, false when the time is up. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Takes no more, sends what waits for at most `timeoutMs` (5 s), lets the folder go. */
  close(timeoutMs?: number): Promise<void>;
  on<Name extends keyof TerminalEvents>(
    name: Name,
    listener: (...values: TerminalEvents[Name]) => void,
  ): this;
  off<Name extends keyof TerminalEvents>(
    name: Name,
    listener: (...values: TerminalEvents[Name]) => void,
  ): this;
}

/**
 * Opens the outbox and begins to send. Resolves as soon as receipts can be recorded; the agent need
 * not be there.
 * @throws TerminalError with a `code`: `folder-locked` (another process has it), `bad-input` (a
 *   wrong option, or the folder of another terminal), `disk-full`, `disk-error`
 */
export async function connect(options: ConnectOptions): Promise<Terminal> {
  checkOptions(options);
  const { folder, terminal, currency } = options;
  const outbox = await Outbox.open({ folder, terminal, currency, nowMs: Date.now });
  return new KitTerminal(options, outbox);
}

class KitTerminal implements Terminal {
  readonly #events = new EventEmitter();
  readonly #outbox: Outbox;
  readonly #sender: Sender;
  #closing: Promise<void> | undefined;

  constructor(options: ConnectOptions, outbox: Outbox) {
    this.#outbox = outbox;
    const events = this.#events;
    this.#sender = new Sender({
      ...{ url: options.url, terminal: options.terminal, password: options.password },
      ...{ ca: options.ca, outbox },
      ...{ pauseMinMs: options.retryMs, answerWithinMs: options.answerWithinMs },
      onConnected: () => events.emit('connected'),
      onDisconnected: why => events.emit('disconnected', why),
      onDelivered: ({ id, epoch, sequence }) => events.emit('delivered', { id, epoch, sequence }),
      onProblem: problem => events.emit('problem', problem),
    });
    outbox.onRecorded = () => this.#sender.wake();
    this.#sender.start();
  }

  get waiting(): number {
    return this.#outbox.waitingCount;
  }

  get connected(): boolean {
    return this.#sender.connected;
  }

  get damagedLines(): number {
    return this.#outbox.damagedLines;
  }

  async record(receipt: Receipt, { corrects }: RecordOptions = {}): Promise<Recorded> {
    if (this.#closing !== undefined) throw new AppError('not-allowed', 'the terminal is closed');
    return await this.#outbox.record(receipt as unknown as Json, corrects);
  }

  flush(timeoutMs: number): Promise<boolean> {
    return new Promise(done => {
      const finish = (empty: boolean) => {
        clearTimeout(timer);
        this.#events.off('delivered', look);
        done(empty);
      };
      const look = () => {
        if (this.waiting === 0) finish(true);
      };
      const timer = setTimeout(() => finish(this.waiting === 0), timeoutMs);
      this.#events.on('delivered', look);
      look();
    });
  }

  close(timeoutMs = CLOSE_WITHIN_MS): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#outbox.settle();
    if (timeoutMs > 0) await this.flush(timeoutMs);
    await this.#sender.stop();
    await this.#outbox.close();
  }

  on<Name extends keyof TerminalEvents>(
    name: Name,
    listener: (...values: TerminalEvents[Name]) => void,
  ): this {
    this.#events.on(name, listener);
    return this;
  }

  off<Name extends keyof TerminalEvents>(
    name: Name,
    listener: (...values: TerminalEvents[Name]) => void,
  ): this {
    this.#events.off(name, listener);
    return this;
  }
}

function checkOptions({ url, terminal, password, folder }: ConnectOptions): void {
  const wrong =
    (!/^mqtts?:\/\/[^/]/.test(url) && 'url: mqtt://host:1883 or mqtts://host:8883') ||
    (!TERMINAL_ID_PATTERN.test(terminal) && 'terminal: letters, digits, . _ -, at most 64') ||
    (password === '' && 'password: what `tillbook-agent terminal add` printed') ||
    (folder === '' && 'folder: where the outbox is kept');
  if (wrong) throw new AppError('bad-input', `wrong option, ${wrong}`);
}
