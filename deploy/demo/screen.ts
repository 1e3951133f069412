/** What the demo prints: steps, a progress bar, tables. Colours and redrawing only on a terminal. */
import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const BAR_WIDTH = 30;
const onTerminal = process.stdout.isTTY === true;

export function paint(style: Style, text: string): string {
  return onTerminal ? styleText(style, text) : text;
}

export function say(text = ''): void {
  process.stdout.write(`${text}\n`);
}

export function step(text: string): void {
  say(`${paint('cyan', '›')} ${text}`);
}

/** A bar that redraws itself on a terminal, and one line per quarter elsewhere. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  #done = 0;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  add(count: number): void {
    const quarter = Math.floor((this.#done * 4) / this.#total);
    this.#done += count;
    const text = this.#text();
    if (onTerminal) process.stdout.write(`\r${text}${this.#done === this.#total ? '\n' : ''}`);
    else if (Math.floor((this.#done * 4) / this.#total) > quarter) say(text);
  }

  #text(): string {
    const filled = Math.round((this.#done / this.#total) * BAR_WIDTH);
    const bar = paint('green', '█'.repeat(filled)) + '░'.repeat(BAR_WIDTH - filled);
    return `  ${bar} ${this.#done}/${this.#total} ${this.#label}`;
  }
}

/** Columns as wide as their widest cell; numbers (all but the first column) to the right. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map(row => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? '';
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ');
  say(paint('dim', `  ${line(header)}`));
  for (const row of rows) say(`  ${line(row)}`);
}
