/** A stand-in for systemd's notification socket: Node has no unix datagram sockets, Python has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { findTool } from './tools.ts';

// A descriptor that comes along (systemd-notify's barrier) is closed when it is not asked for.
const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(4096).decode().replace('\\n', ' '), flush=True)
`;

export interface NotifySocket {
  /** NOTIFY_SOCKET. */
  path: string;
  /** What was told so far, oldest first; without the barriers of systemd-notify. */
  told: readonly string[];
  /** Resolves when the message has been told so often. */
  heard(message: string, times?: number): Promise<void>;
}

export async function openNotifySocket(t: TestContext, folder: string): Promise<NotifySocket> {
  const path = join(folder, 'notify');
  const child = spawn(findTool('python3') ?? '', ['-c', LISTEN, path]);
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  await once(lines, 'line');
  const told: string[] = [];
  lines.on('line', line => {
    if (!line.startsWith('BARRIER')) told.push(line);
  });
  return {
    path,
    told,
    heard: async (message, times = 1) => {
      while (told.filter(one => one === message).length < times) await once(lines, 'line');
    },
  };
}
