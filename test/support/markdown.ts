/** The code blocks of a document, so that a test can run what a reader would copy. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface CodeBlock {
  language: string;
  /** What stands after the language, e.g. `message` in "```json message". */
  label: string;
  code: string;
  line: number;
}

/** @param path from the project's root */
export function codeBlocksOf(path: string): CodeBlock[] {
  const text = textOf(path);
  return [...text.matchAll(/^```(\w+)(?: (.+))?\n([\s\S]*?)^```$/gm)].map(match => ({
    language: match[1] ?? '',
    label: match[2] ?? '',
    code: match[3] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }));
}

/** @param path from the project's root */
export function textOf(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
}
