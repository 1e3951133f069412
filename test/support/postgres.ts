/**
 * A real PostgreSQL for tests, from the programs of this machine, in a temporary folder on a free
 * loopback port. Each caller gets a schema of its own. As root it runs as another user. When
 * the test's process dies, in whatever way, the server stops and its folder is removed.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from '../../deploy/demo/processes.ts';
import { findTool } from './tools.ts';

const run = promisify(execFile);
const START_MAX_MS = 30_000;
const STOP_MAX_MS = 10_000;
/** The pipe from the test is closed by whatever ends the test, be it SIGKILL. */
const KEEPER = `trap '' INT TERM HUP
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -INT $server; } &
watch=$!
wait $server
kill $watch
rm -rf "$folder"`;
const USER = 'tillbook';

export class TestPostgres {
  readonly folder: string;
  readonly #server: ChildProcess;
  readonly #port: number;
  #schemas = 0;

  private constructor(folder: string, server: ChildProcess, port: number) {
    this.folder = folder;
    this.#server = server;
    this.#port = port;
  }

  /** @param isDurable commits are synced, as in the world; else faster, for what tests need */
  static async start(isDurable = false): Promise<TestPostgres> {
    const program = findTool('postgres') ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'tillbook-postgres-'));
    const who = await userOf(folder);
    const data = join(folder, 'data');
    const initdb = join(dirname(program), 'initdb');
    const how = ['--auth=trust', `--username=${USER}`, '--encoding=UTF8', '--locale=C'];
    await run(initdb, ['-D', data, ...how, '--no-sync'], { ...who, cwd: folder });
    const port = await freePort();
    const fsync = `fsync=${isDurable ? 'on' : 'off'}`;
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', fsync];
    const command = [program, '-D', data, '-p', `${port}`];
    const server = spawn(
      '/bin/sh',
      ['-c', KEEPER, 'keeper', folder, ...command, ...settings.flatMap(one => ['-c', one])],
      { ...who, cwd: tmpdir(), stdio: ['pipe', 'ignore', 'ignore'] },
    );
    const postgres = new TestPostgres(folder, server, port);
    await postgres.#ready();
    return postgres;
  }

  /** The address of a new, empty schema. */
  async newUrl(): Promise<string> {
    this.#schemas += 1;
    const schema = `s${this.#schemas}`;
    await this.sql(`CREATE SCHEMA ${schema}`);
    return `${this.#address()}?options=${encodeURIComponent(`-c search_path=${schema}`)}`;
  }

  /** The address of a new, empty database, for tools that know no search path. */
  async newDatabase(): Promise<string> {
    this.#schemas += 1;
    const name = `d${this.#schemas}`;
    await this.sql(`CREATE DATABASE ${name}`);
    return this.#address(name);
  }

  /** Runs one statement as the owner of everything. */
  async sql(text: string, url = this.#address()): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** Ends every connection of the relay's, as a restart of the server would. */
  async endConnections(): Promise<void> {
    await this.sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'tillbook-relay'`);
  }

  async stop(): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      const exited = once(this.#server, 'exit');
      this.#server.stdin?.end();
      const timer = setTimeout(() => this.#server.kill('SIGKILL'), STOP_MAX_MS);
      await exited;
      clearTimeout(timer);
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  #address(database = 'postgres'): string {
    return `postgres://${USER}@127.0.0.1:${this.#port}/${database}`;
  }

  async #ready(): Promise<void> {
    const end = Date.now() + START_MAX_MS;
    for (;;) {
      try {
        await this.sql('SELECT 1');
        return;
      } catch (error) {
        if (Date.now() > end || this.#server.exitCode !== null) {
          await this.stop();
          throw error;
        }
      }
      await wait(50);
    }
  }
}

/** PostgreSQL refuses to run as root. */
async function userOf(folder: string): Promise<{ uid?: number; gid?: number }> {
  if (process.getuid?.() !== 0) return {};
  const named = await run('id', ['postgres']).catch(() => undefined);
  const user = named === undefined ? 'nobody' : 'postgres';
  const id = async (flag: string) => Number((await run('id', [flag, user])).stdout);
  const [uid, gid] = [await id('-u'), await id('-g')];
  await chown(folder, uid, gid);
  return { uid, gid };
}
