/** A password for a command: asked without showing it, or the first line of what is piped in. */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { AppError } from '../../protocol/errors.ts';

const CTRL_C = 'SIGINT';

interface Terminal {
  stdin: NodeJS.ReadStream;
  stderr: NodeJS.WriteStream;
}

/** @throws AppError `bad-input` when nothing was given */
export async function readPassword({ stdin, stderr }: Terminal): Promise<string> {
  if (!stdin.isTTY) return await firstLine(stdin);
  stderr.write('Password: ');
  const password = await hiddenLine(stdin);
  stderr.write('\nAgain: ');
  const again = await hiddenLine(stdin);
  stderr.write('\n');
  if (password === again) return password;
  throw new AppError('bad-input', 'the two passwords differ', { path: 'password' });
}

async function firstLine(stdin: NodeJS.ReadStream): Promise<string> {
  for await (const line of createInterface({ input: stdin })) return line;
  throw new AppError('bad-input', 'no password came in', {
    path: 'password',
    hint: 'pipe it in as one line, or run the command in a terminal',
  });
}

/** readline echoes to its output: one that swallows everything. */
async function hiddenLine(stdin: NodeJS.ReadStream): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  return await new Promise((done, failed) => {
    lines.once('line', line => {
      lines.close();
      done(line);
    });
    lines.once(CTRL_C, () => {
      lines.close();
      failed(new AppError('bad-input', 'stopped'));
    });
  });
}
