/**
 * The Java program of protocol/README.md, compiled and run against what it uses of Paho's client:
 * its messages are good, numbered without gaps, and stay in the outbox until they are acknowledged.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseTransaction } from '../../protocol/transaction.ts';
import { tempFolder } from '../support/agent.ts';
import { codeBlocksOf } from '../support/markdown.ts';
import { findTool, needs } from '../support/tools.ts';

const run = promisify(execFile);
const PAHO = fileURLToPath(new URL('../../../test/support/java', import.meta.url));

test('the Java program keeps a receipt until its PUBACK, in order', needs('javac'), async t => {
  const folder = await tempFolder(t);
  const published = join(folder, 'published');
  await mkdir(published);
  const { code = '' } =
    codeBlocksOf('protocol/README.md').find(({ language }) => language === 'java') ?? {};
  await writeFile(join(folder, 'Till.java'), code);
  const options = [
    '-Xlint:all,-serial',
    '-Werror',
    '-encoding',
    'UTF-8',
    '-sourcepath',
    PAHO,
    '-d',
    folder,
  ];
  await run(findTool('javac') ?? '', [...options, join(folder, 'Till.java')]);
  const till = async (publishedMax: number) => {
    const env = {
      ...{ PATH: process.env['PATH'] ?? '', AGENT_HOST: '127.0.0.1', TERMINAL: 'till-1' },
      ...{ TERMINAL_PASSWORD: 'secret', PUBLISHED: published, PUBLISHED_MAX: `${publishedMax}` },
    };
    return await run('java', ['-cp', folder, 'Till'], { cwd: folder, env });
  };
  for (const _ of [1, 2]) await assert.rejects(till(0), /MqttException/);
  assert.equal((await readdir(join(folder, 'outbox'))).length, 3, 'two receipts and the counter');
  await till(10);
  assert.deepEqual(await readdir(join(folder, 'outbox')), ['counter']);
  for (const sequence of [1, 2, 3]) {
    const parsed = parseTransaction(await readFile(join(published, `${sequence - 1}.json`)));
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.equal(parsed.transaction.sequence, sequence);
  }
});
