/**
 * test/bench/RESULTS.md: each bench owns the part between its own two markers and writes that anew,
 * with the command, the machine, the date, and each target beside what was measured.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The parts in the order in which they stand in the file. */
const PARTS = ['intake', 'day', 'relay', 'posting', 'viewers', 'pages'] as const;
const RESULTS = fileURLToPath(new URL('../../../test/bench/RESULTS.md', import.meta.url));
const INTRODUCTION = `# Bench results

Each part is written by the command that it names. The load shares the processors with what it
measures, and other machines are faster or slower: believe the ratios within one run before the
figures.
`;

export type Part = (typeof PARTS)[number];

export interface Section {
  part: Part;
  title: string;
  /** What makes it anew, e.g. `npm run bench:relay`. */
  command: string;
  targets: readonly Target[];
  /** Markdown: tables, and what must be known to read them. */
  body: string;
}

export interface Target {
  /** The claim in words, e.g. `10,000 summaries are absorbed within 60 s`. */
  target: string;
  measured: string;
  reached: boolean;
}

/**
 * Replaces this part of the file, and no other.
 * @returns what was written
 */
export async function writeSection(section: Section, file = RESULTS): Promise<string> {
  const before = await readFile(file, 'utf8').catch(() => '');
  const text = sectionText(section);
  await writeFile(file, withPart(before, section.part, text));
  return text;
}

/** A Markdown table; all columns but the first `words` are numbers. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  words = 1,
): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  const rule = `|${head.map((_, i) => (i < words ? '---|' : '---:|')).join('')}`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/**
 * @param share 0 to 1: 0.5 is the median, 1 the largest
 * @returns NaN of nothing
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function sectionText({ title, command, targets, body }: Section): string {
  const rows = targets.map(({ target, measured, reached }) => [
    target,
    measured,
    reached ? 'yes' : '**no**',
  ]);
  const tables = targets.length === 0 ? [] : [table(['target', 'measured', 'reached'], rows, 3)];
  return [`## ${title}`, `\`${command}\`: ${machine()}.`, ...tables, body.trim()].join('\n\n');
}

function machine(): string {
  const processors = cpus();
  const memoryGiB = Math.round(totalmem() / 2 ** 30);
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, Node ${process.version}, ${processors.length} × ${model}, ${memoryGiB} GiB`;
}

/** Text of an older shape, without markers, is not kept. */
function withPart(before: string, part: Part, text: string): string {
  const texts = PARTS.map(name => ({ name, text: name === part ? text : partOf(before, name) }));
  const blocks = texts
    .filter(({ text: own }) => own !== undefined)
    .map(({ name, text: own }) => `${opening(name)}\n\n${own}\n\n${closing(name)}\n`);
  return [INTRODUCTION, ...blocks].join('\n');
}

function partOf(file: string, part: Part): string | undefined {
  const [, after] = file.split(opening(part));
  return after?.split(closing(part))[0]?.trim();
}

const opening = (part: Part) => `<!-- ${part} -->`;
const closing = (part: Part) => `<!-- end of ${part} -->`;
