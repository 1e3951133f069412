/**
 * The relay's settings: one table, from which come the values, `--help` and the env example. The one
 * thing read beside the environment is the file with the database's password.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { AppError, messageOf } from '../protocol/errors.ts';
import {
  flag,
  httpUrl,
  port,
  readSettings,
  type SettingsOf,
  type SettingsTable,
  text,
  wholeNumber,
} from '../protocol/host/settings.ts';

export const RELAY_SETTINGS = {
  dataDir: {
    name: 'RELAY_DATA_DIR',
    parse: text,
    default: './data/relay',
    sentence: 'Folder of the embedded database, the key file and the control socket.',
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    parse: databaseUrl,
    sentence:
      'PostgreSQL instead of the embedded database, for several relays: postgres://user:password@host/database.',
    secret: true,
  },
  databasePasswordFile: {
    name: 'RELAY_DATABASE_PASSWORD_FILE',
    parse: text,
    sentence: 'File whose first line is the password of the user in DATABASE_URL.',
  },
  host: {
    name: 'RELAY_HOST',
    parse: text,
    default: '127.0.0.1',
    sentence: 'Address on which the relay listens.',
  },
  port: {
    name: 'RELAY_PORT',
    parse: port,
    default: '8090',
    sentence: 'TCP port for agents, pages and the JSON API; 0 picks a free one.',
  },
  publicUrl: {
    name: 'RELAY_PUBLIC_URL',
    parse: httpUrl,
    sentence:
      'Address at which browsers reach the relay, and Xero sends them back to; http://localhost:8090 (with the port in use) when it is off.',
  },
  secretKeyFile: {
    name: 'RELAY_SECRET_KEY_FILE',
    parse: text,
    sentence: 'File with the key that seals secrets; made in the data folder on first start.',
  },
  trustedProxies: {
    name: 'RELAY_TRUSTED_PROXIES',
    parse: proxies,
    default: 'loopback',
    sentence: 'Proxies whose X-Forwarded-For is believed: addresses, subnets, loopback, none.',
  },
  smtpUrl: {
    name: 'RELAY_SMTP_URL',
    parse: smtpUrl,
    sentence: 'Mail server for alerts, e.g. smtps://user:password@mail.example.com:465.',
    secret: true,
  },
  mailFrom: {
    name: 'RELAY_MAIL_FROM',
    parse: text,
    default: 'Tillbook <tillbook@localhost>',
    sentence: 'Sender of the alerts.',
  },
  privateWebhooks: {
    name: 'RELAY_PRIVATE_WEBHOOKS',
    parse: flag,
    default: 'false',
    sentence:
      "Lets webhooks go into the relay's own network, by http too; whoever is admin could then reach what stands there.",
  },
  heartbeatUrl: {
    name: 'RELAY_HEARTBEAT_URL',
    parse: heartbeatUrl,
    sentence:
      "The relay's dead-man's switch: this address is fetched (GET) after a good round of work; a monitor there alarms when it stops.",
    secret: true,
  },
  heartbeatSeconds: {
    name: 'RELAY_HEARTBEAT_SECONDS',
    parse: wholeNumber(5, 3600),
    default: '60',
    sentence: 'RELAY_HEARTBEAT_URL is fetched at most once in so many seconds; rounds take 15.',
  },
  logLevel: {
    name: 'RELAY_LOG_LEVEL',
    parse: logLevel,
    default: 'info',
    sentence: 'error, warn, info or debug.',
  },
  xeroLoginUrl: {
    name: 'XERO_LOGIN_URL',
    parse: httpUrl,
    default: 'https://login.xero.com',
    sentence: 'Where HQ allows access; point it at a stand-in to rehearse.',
  },
  xeroIdentityUrl: {
    name: 'XERO_IDENTITY_URL',
    parse: httpUrl,
    default: 'https://identity.xero.com',
    sentence: 'Where tokens come from; point it at a stand-in to rehearse.',
  },
  xeroApiUrl: {
    name: 'XERO_API_URL',
    parse: httpUrl,
    default: 'https://api.xero.com',
    sentence: "Xero's API; point it at a stand-in to rehearse.",
  },
} as const satisfies SettingsTable;

export type RelaySettingsValues = SettingsOf<typeof RELAY_SETTINGS>;

/** Names with these beginnings belong to the relay: a typo in one refuses to start. */
export const RELAY_PREFIXES = ['RELAY_', 'XERO_'] as const;

/** @throws AppError `bad-setting` that names every wrong or unknown setting */
export function readRelaySettings(env: NodeJS.ProcessEnv): RelaySettingsValues {
  return withPassword(readSettings(RELAY_SETTINGS, env, ...RELAY_PREFIXES));
}

/** DATABASE_URL with the password of the file, if one is named. @throws AppError `bad-setting` */
export function withPassword<Values extends Partial<RelaySettingsValues>>(values: Values): Values {
  const { databaseUrl, databasePasswordFile: file } = values;
  if (file === undefined || databaseUrl === undefined) return values;
  try {
    const url = new URL(databaseUrl);
    url.password = encodeURIComponent(readFileSync(file, 'utf8').split(/\r?\n/)[0] ?? '');
    return { ...values, databaseUrl: url.href };
  } catch (cause) {
    const { name } = RELAY_SETTINGS.databasePasswordFile;
    throw new AppError('bad-setting', `${name}: ${messageOf(cause)}`, {
      path: name,
      hint: 'name a file that the relay may read',
      cause,
    });
  }
}

function logLevel(value: string): string {
  if (/^(error|warn|info|debug)$/.test(value)) return value;
  throw new Error('needs error, warn, info or debug');
}

/** What Express calls `trust proxy`: addresses, subnets and its three names, with commas between. */
function proxies(value: string): string {
  const parts = value.split(',').map(part => part.trim());
  const known = (part: string) => {
    if (/^(loopback|linklocal|uniquelocal)$/.test(part)) return true;
    const [address = '', bits = '0'] = part.split('/');
    return isIP(address) > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= 128;
  };
  if (value === 'none' || parts.every(known)) return parts.join(', ');
  throw new Error('needs none, loopback, linklocal, uniquelocal, or addresses such as 10.0.0.0/8');
}

function smtpUrl(value: string): string {
  if (URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol)) return value;
  throw new Error('needs an address such as smtps://user:password@mail.example.com:465');
}

/** What a monitor gives out, with its query, if it has one. */
function heartbeatUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '') return value;
  throw new Error('needs an address such as https://monitor.example.com/ping/ID');
}

function databaseUrl(value: string): string {
  if (/^postgres(ql)?:\/\/\S+$/.test(value)) return value;
  throw new Error('needs an address such as postgres://user:password@host:5432/database');
}

export function xeroUrls(settings: RelaySettingsValues) {
  return {
    login: settings.xeroLoginUrl,
    identity: settings.xeroIdentityUrl,
    api: settings.xeroApiUrl,
  };
}
