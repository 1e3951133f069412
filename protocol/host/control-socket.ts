/**
 * How a command talks to its running program: a local socket that only its user may open. One JSON
 * line asks, one JSON line answers. Comes in: `{method, args}`; goes out: `{result}` or `{error}`.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { AppError, type ErrorCode, messageOf } from '../errors.ts';

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere (unix(7)). */
const SOCKET_PATH_MAX = 100;
const REQUEST_BYTES_MAX = 1024 * 1024;

export type ControlHandlers = Record<string, (args: unknown) => Promise<unknown>>;

export interface ControlServer {
  stop(): Promise<void>;
}

/** Serves the folder's socket. The caller holds the folder's lock, so a socket left over is dead. */
export async function serveControl(
  folder: string,
  handlers: ControlHandlers,
): Promise<ControlServer> {
  const path = controlPath(folder);
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // The command went away: nobody to answer.
    readRequest(socket, line => answer(line, handlers));
  });
  if (process.platform !== 'win32') {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rm(path, { force: true });
  }
  await new Promise<void>((done, failed) => server.once('error', failed).listen(path, done));
  if (process.platform !== 'win32') await chmod(path, 0o600);
  return {
    stop: () =>
      new Promise(done => {
        server.close(() => done());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/**
 * Asks the running program.
 * @returns its result; `undefined` (no object) when no program runs on this folder
 * @throws AppError as the program threw it
 */
export async function askControl(
  folder: string,
  method: string,
  args: unknown,
): Promise<{ result: unknown } | undefined> {
  const socket = createConnection(controlPath(folder));
  const connected = await new Promise<boolean>(done => {
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false)); // Nobody listens: the program is down.
  });
  if (!connected) return undefined;
  // The program was killed in between: the answer below does not come, and that is the error.
  socket.on('error', () => socket.destroy());
  socket.write(`${JSON.stringify({ method, args })}\n`);
  const line = await firstLine(socket);
  if (line !== undefined) return readAnswer(line);
  throw new AppError('unreachable', 'the running program went away before it answered', {
    hint: 'see whether it is running again, and repeat the command',
    retryable: true,
  });
}

/** Undefined when the socket ends before a line is whole. */
async function firstLine(socket: Socket): Promise<string | undefined> {
  try {
    for await (const line of createInterface({ input: socket })) return line;
  } catch {
    return undefined; // The connection broke: the caller says so in its own words.
  } finally {
    socket.destroy();
  }
  return undefined;
}

function controlPath(folder: string): string {
  const whole = resolve(folder);
  const short = createHash('sha256').update(whole).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return `\\\\.\\pipe\\tillbook-${short}`;
  const path = join(whole, 'control.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_MAX) return path;
  return join(tmpdir(), `tillbook-${userInfo().uid}`, `${short}.sock`);
}

function readRequest(socket: Socket, reply: (line: string) => Promise<string>): void {
  let received = '';
  socket.setEncoding('utf8');
  socket.on('data', async (chunk: string) => {
    received += chunk;
    if (received.length > REQUEST_BYTES_MAX) return socket.destroy();
    const end = received.indexOf('\n');
    if (end === -1) return undefined;
    const line = received.slice(0, end);
    received = '';
    return socket.end(`${await reply(line)}\n`);
  });
}

async function answer(line: string, handlers: ControlHandlers): Promise<string> {
  try {
    const { method, args } = JSON.parse(line) as { method: string; args: unknown };
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    if (handler === undefined) throw new AppError('not-found', `no such command: ${method}`);
    return JSON.stringify({ result: (await handler(args)) ?? null });
  } catch (error) {
    const known = error instanceof AppError ? error : undefined;
    const { code, hint, path } = known ?? { code: 'bad-input' };
    return JSON.stringify({ error: { code, message: messageOf(error), hint, path } });
  }
}

function readAnswer(line: string): { result: unknown } {
  const { result, error } = JSON.parse(line) as {
    result?: unknown;
    error?: { code: ErrorCode; message: string; hint?: string; path?: string };
  };
  if (error !== undefined) {
    const { code, message, ...details } = error;
    throw new AppError(code, message, details);
  }
  return { result };
}
