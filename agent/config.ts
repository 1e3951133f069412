/**
 * Every setting of the agent in one table; values, `--help` and the env examples come from it.
 * Time zone and currency count only until enrolment: from then on head office decides them.
 */
import { isTimezone } from '../protocol/business-date.ts';
import {
  flag,
  port,
  readSettings,
  type SettingsOf,
  type SettingsTable,
  text,
  wholeNumber,
} from '../protocol/host/settings.ts';
import { CURRENCY_PATTERN } from '../protocol/money.ts';

export const SETTINGS = {
  dataDir: {
    name: 'AGENT_DATA_DIR',
    parse: text,
    default: './data/agent',
    sentence: 'Folder that holds everything the agent keeps; one agent per folder.',
  },
  mqttHost: {
    name: 'AGENT_MQTT_HOST',
    parse: text,
    default: '0.0.0.0',
    sentence: 'Address at which terminals reach the broker; 0.0.0.0 is every address.',
  },
  mqttPort: {
    name: 'AGENT_MQTT_PORT',
    parse: port,
    default: '1883',
    sentence: 'Port of plain MQTT; 0 picks a free one.',
  },
  mqttsPort: {
    name: 'AGENT_MQTTS_PORT',
    parse: port,
    sentence: 'Port of MQTT over TLS (usually 8883); 0 picks a free one, absent turns it off.',
  },
  tlsCertFile: {
    name: 'AGENT_TLS_CERT_FILE',
    parse: text,
    sentence: 'Certificate for MQTT over TLS, PEM; without it one is made on first use.',
  },
  tlsKeyFile: {
    name: 'AGENT_TLS_KEY_FILE',
    parse: text,
    sentence: 'Private key that belongs to AGENT_TLS_CERT_FILE, PEM.',
  },
  timezone: {
    name: 'AGENT_TIMEZONE',
    parse: timezone,
    sentence: "Time zone until enrolment, e.g. Asia/Singapore; absent is the system's.",
  },
  currency: {
    name: 'AGENT_CURRENCY',
    parse: currency,
    sentence: 'Currency until enrolment, e.g. SGD; absent takes it from the first sale.',
  },
  closeGraceMinutes: {
    name: 'AGENT_CLOSE_GRACE_MINUTES',
    parse: wholeNumber(0, 60),
    default: '15',
    sentence: 'Minutes the day close waits for terminals that are missing or have gaps.',
  },
  lateGraceMinutes: {
    name: 'AGENT_LATE_GRACE_MINUTES',
    parse: wholeNumber(0, 60),
    default: '5',
    sentence: 'Minutes of quiet after late sales before a revision of their day is made.',
  },
  diskReserveMb: {
    name: 'AGENT_DISK_RESERVE_MB',
    parse: wholeNumber(1, 1_000_000),
    default: '64',
    sentence: 'Free megabytes below which sales are refused.',
  },
  retentionDays: {
    name: 'AGENT_RETENTION_DAYS',
    parse: wholeNumber(30, 36_500),
    default: '400',
    sentence: "Days that journals are kept after the relay's receipt is held.",
  },
  upstreamUrl: {
    name: 'AGENT_UPSTREAM_URL',
    parse: brokerUrl,
    sentence:
      'Take sales from this existing broker instead, e.g. mqtt://user:password@10.0.0.5:1883.',
    secret: true,
  },
  httpHost: {
    name: 'AGENT_HTTP_HOST',
    parse: text,
    default: '0.0.0.0',
    sentence: 'Address of the status page.',
  },
  httpPort: {
    name: 'AGENT_HTTP_PORT',
    parse: port,
    default: '8080',
    sentence: 'Port of the status page; 0 picks a free one.',
  },
  httpNames: {
    name: 'AGENT_HTTP_NAMES',
    parse: names,
    sentence: 'Further names the status page answers to, separated by commas.',
  },
  showAmounts: {
    name: 'AGENT_SHOW_AMOUNTS',
    parse: flag,
    default: 'false',
    sentence: 'Show amounts and the Z report on the status page to everybody on the network.',
  },
  relayCaFile: {
    name: 'AGENT_RELAY_CA_FILE',
    parse: text,
    sentence: "Certificates (PEM) trusted for the relay beside the system's own.",
  },
  logLevel: {
    name: 'AGENT_LOG_LEVEL',
    parse: logLevel,
    default: 'info',
    sentence: 'One of error, warn, info, debug.',
  },
} satisfies SettingsTable;

export type Config = SettingsOf<typeof SETTINGS>;

/** @throws AppError `bad-setting` that names every wrong or unknown setting */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  return readSettings(SETTINGS, env, 'AGENT_');
}

function timezone(value: string): string {
  if (!isTimezone(value)) throw new Error('needs an IANA time zone such as Asia/Singapore');
  return value;
}

function currency(value: string): string {
  if (!CURRENCY_PATTERN.test(value)) throw new Error('needs an ISO 4217 code such as SGD');
  return value;
}

function brokerUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^(mqtts?|tcp|ssl|wss?):$/.test(url.protocol)) {
    throw new Error('needs an address such as mqtt://10.0.0.5:1883');
  }
  return value;
}

function names(value: string): string[] {
  const list = value.split(',').map(name => name.trim().toLowerCase());
  if (list.some(name => !/^[a-z0-9.:[\]-]+$/.test(name))) {
    throw new Error('needs host names or addresses separated by commas');
  }
  return list;
}

function logLevel(value: string): string {
  if (!/^(error|warn|info|debug)$/.test(value)) throw new Error('needs error, warn, info or debug');
  return value;
}
