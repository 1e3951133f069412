/** Mosquitto as a process of its own, on a free port of this machine: a broker that a shop has. */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../deploy/demo/processes.ts';
import { tempFolder } from './agent.ts';
import { findTool } from './tools.ts';

/** @returns its address; it listens. Use with `needs('mosquitto')`. */
export async function startMosquitto(t: TestContext): Promise<string> {
  const port = await freePort();
  const config = join(await tempFolder(t), 'mosquitto.conf');
  // As README.md says, but for the disk: nobody pulls its plug here.
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'max_queued_messages 0'];
  await writeFile(config, `${lines.join('\n')}\n`);
  const child = spawn(findTool('mosquitto') ?? '', ['-c', config], { stdio: 'ignore' });
  t.after(() => child.kill('SIGKILL'));
  while (!(await canConnect(port))) await wait(20);
  return `mqtt://127.0.0.1:${port}`;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
