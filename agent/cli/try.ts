/** `try`: what the agent would say to a message, without storing it. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AppError, messageOf } from '../../protocol/errors.ts';
import { PAYLOAD_BYTES_MAX } from '../../protocol/transaction.ts';
import { command, textOption } from './command.ts';

export const tryCommand = command({
  name: 'try',
  usage: 'FILE.json [--terminal ID] [--json]',
  summary: 'Says what the agent would say to this message, without storing it.',
  positionals: [1, 1],
  options: { terminal: { type: 'string' } },
  async prepare({ positionals, options }) {
    const payload = await read(positionals[0] ?? '');
    return { positionals, options: { ...options, payload: payload.toString('base64') } };
  },
  work({ shop }, args) {
    const payload = Buffer.from(textOption(args, 'payload') ?? '', 'base64');
    return shop.intake.try(textOption(args, 'terminal') ?? 'till-1', payload);
  },
  print: verdict =>
    verdict.kind === 'quarantined'
      ? `quarantined: ${verdict.problem.code}: ${verdict.problem.message}${
          verdict.problem.path === '' ? '' : ` (${verdict.problem.path})`
        }`
      : verdict.kind,
  found: verdict => verdict.kind === 'quarantined',
});

async function read(path: string): Promise<Buffer> {
  let payload: Buffer;
  try {
    payload = await readFile(resolve(path));
  } catch (cause) {
    const why = messageOf(cause).startsWith('ENOENT') ? 'there is no such file' : messageOf(cause);
    const hint = 'name a file with one message; examples are in protocol/README.md';
    throw new AppError('bad-input', `${path} cannot be read: ${why}`, { hint, cause });
  }
  if (payload.length <= PAYLOAD_BYTES_MAX) return payload;
  throw new AppError(
    'bad-input',
    `${path} has ${payload.length} bytes; the broker takes no more than ${PAYLOAD_BYTES_MAX}`,
  );
}
