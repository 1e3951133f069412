/**
 * `tillbook-agent --check`: would the agent start with these settings, and do its work? Comes in:
 * the environment and the time. Goes out: everything that is wrong at once, each with its fix.
 */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { isAppError, messageOf } from '../protocol/errors.ts';
import {
  checkClock,
  checkFolder,
  checkPort,
  type Finding,
  failure,
  findingOf,
  ownerFinding,
  settingFinding,
  warning,
} from '../protocol/host/check.ts';
import { checkVersion } from '../protocol/host/data-version.ts';
import { trySettings } from '../protocol/host/settings.ts';
import { readCertificate } from './broker/tls.ts';
import { type Config, SETTINGS } from './config.ts';
import { AGENT_DATA } from './data-versions.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

/** What could be read of the settings. */
type Known = Partial<Config>;

/** @param nowMs the machine's clock */
export async function checkAgent(env: NodeJS.ProcessEnv, nowMs: number): Promise<Finding[]> {
  const { values, problems } = trySettings(SETTINGS, env, ['AGENT_']);
  const parts = await Promise.all([
    folder(values),
    certificate(values, nowMs),
    authorities(values),
    ports(values),
    journalClock(values, nowMs),
  ]);
  return [
    ...problems.map(settingFinding),
    ...parts.flat(),
    ...checkClock(nowMs),
    ...without(values),
    ...(await zone(values)),
  ];
}

async function folder({ dataDir, diskReserveMb }: Known): Promise<Finding[]> {
  if (dataDir === undefined) return [];
  const { name } = SETTINGS.dataDir;
  const found = [...(await checkFolder(dataDir, name)), ...(await version(dataDir))];
  const space = await statfs(dataDir).catch(() => undefined); // Not there yet, or said already.
  if (space === undefined || diskReserveMb === undefined) return found;
  const freeMb = Math.floor((space.bavail * space.bsize) / MIB);
  if (freeMb >= diskReserveMb) return found;
  const message = `${freeMb} MiB are free, sales are refused below ${diskReserveMb}`;
  return [...found, failure(SETTINGS.diskReserveMb.name, message, 'free disk space')];
}

/** Data of a newer program, or of another, stop a start. */
async function version(dataDir: string): Promise<Finding[]> {
  try {
    await checkVersion(dataDir, AGENT_DATA);
    return [];
  } catch (error) {
    // What cannot be read is said of the folder already.
    return isAppError(error, 'bad-setting') ? [findingOf(AGENT_DATA.setting, error)] : [];
  }
}

/** The certificate and key, if they were set, and whether they belong together and are in time. */
async function certificate({ tlsCertFile, tlsKeyFile }: Known, nowMs: number): Promise<Finding[]> {
  const { tlsCertFile: certSetting, tlsKeyFile: keySetting } = SETTINGS;
  if (tlsCertFile === undefined && tlsKeyFile === undefined) return [];
  if (tlsCertFile === undefined || tlsKeyFile === undefined) {
    const missing = tlsCertFile === undefined ? certSetting.name : keySetting.name;
    const message = `${certSetting.name} and ${keySetting.name} belong together`;
    return [failure(missing, message, 'set both, or neither: then a certificate is made')];
  }
  try {
    const { cert, key } = await readCertificate({ certFile: tlsCertFile, keyFile: tlsKeyFile });
    createSecureContext({ cert, key });
    const { validTo } = new X509Certificate(cert);
    if (Date.parse(validTo) > nowMs) return [];
    return [warning(certSetting.name, `${tlsCertFile} ended on ${validTo}`, 'renew it')];
  } catch (error) {
    return [findingOf(certSetting.name, error)];
  }
}

async function authorities({ relayCaFile }: Known): Promise<Finding[]> {
  if (relayCaFile === undefined) return [];
  try {
    new X509Certificate(await readFile(relayCaFile));
    return [];
  } catch (error) {
    const message = `${relayCaFile} holds no certificate: ${messageOf(error)}`;
    return [failure(SETTINGS.relayCaFile.name, message, 'name a readable PEM file')];
  }
}

/** Each port by itself, and none asked for twice. Not while the agent itself has them. */
async function ports(known: Known): Promise<Finding[]> {
  const { dataDir = '', mqttHost = '0.0.0.0', httpHost = '0.0.0.0' } = known;
  const owner = await ownerFinding(dataDir, SETTINGS.dataDir.name);
  if (owner !== undefined) return [owner];
  const own = known.upstreamUrl === undefined;
  const wanted = [
    { host: mqttHost, port: own ? known.mqttPort : 0, name: SETTINGS.mqttPort.name },
    { host: mqttHost, port: own ? known.mqttsPort : 0, name: SETTINGS.mqttsPort.name },
    { host: httpHost, port: known.httpPort, name: SETTINGS.httpPort.name },
  ];
  const findings: Finding[] = [];
  const taken = new Map<number, string>();
  for (const { host, port = 0, name } of wanted) {
    if (port === 0) continue;
    const other = taken.get(port);
    taken.set(port, name);
    if (other === undefined) findings.push(...(await checkPort(host, port, name)));
    else findings.push(failure(name, `${other} is ${port}, too`, 'give each its own port'));
  }
  return findings;
}

/** A clock behind what the journal holds closes no day. */
async function journalClock({ dataDir }: Known, nowMs: number): Promise<Finding[]> {
  const names = await readdir(join(dataDir ?? '', 'journal')).catch(() => []);
  const last = names
    .filter(name => /^\d{4}-\d{2}-\d{2}\.ndjson$/.test(name))
    .sort()
    .at(-1);
  // A business date may be a day ahead of the clock in UTC.
  if (last === undefined || Date.parse(last.slice(0, 10)) <= nowMs + DAY_MS) return [];
  const shown = new Date(nowMs).toISOString();
  const message = `the clock shows ${shown}, but there are sales of ${last.slice(0, 10)}`;
  return [warning('clock', message, 'set the clock; until then no day is closed')];
}

/** Settings that have no effect, or too little, without another. */
function without(known: Known): Finding[] {
  const findings: Finding[] = [];
  const { mqttsPort, tlsCertFile, upstreamUrl } = known;
  const tls = SETTINGS.mqttsPort.name;
  if (tlsCertFile !== undefined && mqttsPort === undefined) {
    const name = SETTINGS.tlsCertFile.name;
    findings.push(warning(name, `has no effect: ${tls} is off`, `set ${tls}=8883`));
  }
  if (upstreamUrl !== undefined && mqttsPort !== undefined) {
    const name = SETTINGS.upstreamUrl.name;
    findings.push(warning(tls, `has no effect: ${name} is set`, 'leave out one of the two'));
  }
  return findings;
}

/** Where the days end until head office says it. */
async function zone({ dataDir, timezone }: Known): Promise<Finding[]> {
  const system = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (timezone !== undefined || system !== 'UTC') return [];
  if ((await stat(join(dataDir ?? '', 'state.json')).catch(() => undefined)) !== undefined)
    return [];
  const message = 'the system has the zone UTC: until enrolment a day ends at midnight there';
  return [warning(SETTINGS.timezone.name, message, 'set the zone of the shop')];
}
