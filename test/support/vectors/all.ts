/** Every file of test/vectors/ with its content, so that one test can compare and one command write. */
import { BAD_MESSAGES, GOOD_MESSAGES } from './messages.ts';
import { daySummaryJsonSchema, transactionJsonSchema } from './schemas.ts';
import { pretty, signedVectors } from './signed.ts';

/** Path below test/vectors/ → bytes. */
export async function allVectors(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const put = (path: string, text: string | Buffer) => files.set(path, Buffer.from(text as string));
  put('transaction.schema.json', pretty(transactionJsonSchema()));
  put('day-summary.schema.json', pretty(daySummaryJsonSchema()));
  for (const [name, message] of Object.entries(GOOD_MESSAGES)) {
    put(`messages/good/${name}.json`, pretty(message));
  }
  const expected: Record<string, object> = {};
  for (const [name, { bytes, code, path }] of Object.entries(BAD_MESSAGES)) {
    put(`messages/bad/${name}.json`, bytes);
    expected[`${name}.json`] = { code, path };
  }
  put('messages/bad.expected.json', pretty(expected));
  for (const [name, text] of Object.entries(await signedVectors())) put(`signed/${name}`, text);
  return files;
}
