/**
 * `tillbook-relay --check`: would the relay start with these settings, and do its work? Comes in: the
 * environment and the time. Goes out: everything that is wrong at once, each with its fix. Nothing
 * is made and nothing is migrated.
 */
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { messageOf } from '../protocol/errors.ts';
import {
  checkClock,
  checkFolder,
  checkPort,
  type Finding,
  failure,
  findingOf,
  ownerFinding,
  report,
  settingFinding,
  warning,
} from '../protocol/host/check.ts';
import { checkVersion } from '../protocol/host/data-version.ts';
import { trySettings } from '../protocol/host/settings.ts';
import {
  RELAY_PREFIXES,
  RELAY_SETTINGS,
  type RelaySettingsValues,
  withPassword,
} from './config.ts';
import { type Looked, lookAtPostgres } from './db/check-postgres.ts';
import { RELAY_DATA } from './db/data-versions.ts';
import type { Db } from './db/db.ts';
import { openLowdb } from './db/lowdb.ts';
import { openPostgres } from './db/postgres.ts';
import { createSeal, readKeyFile } from './db/seal.ts';
import { ensureRelayKey } from './inbox/relay-key.ts';

const MAIL_MAX_MS = 5_000;
const LOOPBACK = /^(localhost|127\..*|\[::1\]|::1)$/;

/** What could be read of the settings. */
type Known = Partial<RelaySettingsValues>;

/** Checks, and says it as text or JSON. @returns the exit code */
export async function sayCheck(
  argv: readonly string[],
  { env, stdout }: Pick<NodeJS.Process, 'env' | 'stdout'>,
  nowMs: number,
): Promise<number> {
  const findings = await checkRelay(env, nowMs);
  return report(findings, argv.includes('--json'), text => stdout.write(text));
}

/** @param nowMs the machine's clock */
export async function checkRelay(env: NodeJS.ProcessEnv, nowMs: number): Promise<Finding[]> {
  const { values, problems } = trySettings(RELAY_SETTINGS, env, RELAY_PREFIXES);
  const folder = await folderAndPort(values);
  // On a folder that cannot be used, or is in use, there is nothing more to learn.
  const stored = folder.length === 0 ? await database(values) : [];
  return [
    ...problems.map(settingFinding),
    ...folder,
    ...stored,
    ...(await mail(values, env)),
    ...addresses(values),
    ...checkClock(nowMs),
  ];
}

async function folderAndPort({ dataDir, host, port }: Known): Promise<Finding[]> {
  const { name } = RELAY_SETTINGS.dataDir;
  if (dataDir === undefined) return [];
  const owner = await ownerFinding(dataDir, name);
  if (owner !== undefined) return [owner];
  const found = await checkFolder(dataDir, name);
  if (host === undefined || port === undefined) return found;
  return [...found, ...(await checkPort(host, port, RELAY_SETTINGS.port.name))];
}

/** The database, and whether the key file opens what is sealed in it. */
async function database(settings: Known): Promise<Finding[]> {
  let known: Known;
  try {
    known = withPassword(settings);
  } catch (error) {
    return [findingOf(RELAY_SETTINGS.databasePasswordFile.name, error)];
  }
  const { databaseUrl, dataDir = '' } = known;
  if (databaseUrl === undefined) return await folderDatabase(known, dataDir);
  const looked: Looked | Finding = await lookAtPostgres(databaseUrl).catch(error =>
    findingOf(RELAY_SETTINGS.databaseUrl.name, error),
  );
  if ('severity' in looked) return [looked];
  if (!looked.upToDate) return await keyFile(known);
  return await withKey(known, () => openPostgres(databaseUrl));
}

/** A folder that a start would bring to this version first is not opened. */
async function folderDatabase(known: Known, dataDir: string): Promise<Finding[]> {
  try {
    const isCurrent = await checkVersion(dataDir, RELAY_DATA);
    if (!isCurrent || !(await isThere(join(dataDir, 'relay.json')))) return await keyFile(known);
  } catch (error) {
    return [findingOf(RELAY_SETTINGS.dataDir.name, error)];
  }
  return await withKey(known, () => openLowdb(dataDir, { program: 'tillbook-relay --check' }));
}

async function withKey(known: Known, open: () => Promise<Db>): Promise<Finding[]> {
  try {
    const db = await open();
    try {
      return await keyFile(known, db);
    } finally {
      await db.close();
    }
  } catch (error) {
    return [findingOf(RELAY_SETTINGS.dataDir.name, error)];
  }
}

/** @param db absent when nothing is sealed yet: then the key may be made on the first start */
async function keyFile({ secretKeyFile, dataDir = '' }: Known, db?: Db): Promise<Finding[]> {
  const { name } = RELAY_SETTINGS.secretKeyFile;
  const path = secretKeyFile ?? join(dataDir, 'secret.key');
  try {
    const isSealed = db !== undefined && (await db.get('settings', 'relay')) !== undefined;
    if (!isSealed && !(await isThere(path))) {
      return secretKeyFile === undefined ? [] : await checkFolder(dirname(path), name);
    }
    const { key, open } = await readKeyFile(path, false);
    if (isSealed) await ensureRelayKey(db, createSeal(key));
    if (!open) return [];
    return [warning(name, `others may read ${path}`, `chmod 600 ${path}`)];
  } catch (error) {
    return [findingOf(name, error)];
  }
}

/** Alerts that cannot be sent stay unheard: better now than in the night. */
async function mail(known: Known, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { smtpUrl: setting, mailFrom: from } = RELAY_SETTINGS;
  const isFromSet = (env[from.name] ?? '') !== '';
  if (known.smtpUrl === undefined) {
    if (!isFromSet) return [];
    return [warning(from.name, `has no effect: ${setting.name} is off`, `set ${setting.name}`)];
  }
  const { protocol, hostname, port, username, password } = new URL(known.smtpUrl);
  const findings: Finding[] = [];
  const say = (message: string, fix: string) => findings.push(warning(setting.name, message, fix));
  if (!isFromSet) findings.push(warning(from.name, 'is the default', 'set an address of yours'));
  if (protocol === 'smtp:' && port === '465') say('port 465 speaks TLS at once', 'use smtps://');
  if (protocol === 'smtps:' && /^(25|587)$/.test(port))
    say(`port ${port} begins plain`, 'use smtp://');
  if (username !== '' && password === '') say('there is a user, but no password', 'add it');
  const standard = protocol === 'smtps:' ? 465 : 587;
  const trouble = await reach(hostname, Number(port === '' ? standard : port));
  if (trouble !== undefined) {
    findings.push(warning(setting.name, `${hostname} cannot be reached: ${trouble}`, 'correct it'));
  }
  return findings;
}

function addresses({
  publicUrl,
  host,
  xeroApiUrl,
  xeroIdentityUrl,
  xeroLoginUrl,
}: Known): Finding[] {
  const findings: Finding[] = [];
  const { name } = RELAY_SETTINGS.publicUrl;
  if (publicUrl?.startsWith('http:') && !LOOPBACK.test(new URL(publicUrl).hostname)) {
    const message = `${publicUrl} is plain http: agents and Xero refuse it`;
    findings.push(failure(name, message, 'put TLS in front and use https://'));
  }
  if (publicUrl === undefined && host !== undefined && !LOOPBACK.test(host)) {
    const message = 'is off, so links and the address for Xero name localhost';
    findings.push(warning(name, message, 'set the address that browsers use'));
  }
  const given = [xeroLoginUrl, xeroIdentityUrl, xeroApiUrl];
  const own = [
    RELAY_SETTINGS.xeroLoginUrl,
    RELAY_SETTINGS.xeroIdentityUrl,
    RELAY_SETTINGS.xeroApiUrl,
  ];
  const moved = own.filter((setting, index) => given[index] !== setting.default);
  if (moved.length === 1 || moved.length === 2) {
    const message = 'points at a stand-in while others point at Xero itself';
    findings.push(failure(moved[0]?.name ?? 'XERO_API_URL', message, 'set all three, or none'));
  }
  return findings;
}

/** @returns why it cannot be reached; undefined when it can */
async function reach(host: string, port: number): Promise<string | undefined> {
  const socket = connect({ host, port, timeout: MAIL_MAX_MS });
  try {
    await new Promise<void>((done, failed) => {
      socket.once('connect', () => done());
      socket.once('error', failed);
      socket.once('timeout', () => failed(new Error('no answer')));
    });
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    socket.destroy();
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
