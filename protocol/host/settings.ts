/**
 * Settings from the environment by a table: name, parser, default, sentence. From the same table
 * come the values, `--help` and the env examples. An unknown name with one of the program's
 * prefixes, or a value that does not fit, refuses to start and says why: a typo must not be silent.
 */
import { AppError, messageOf } from '../errors.ts';

export interface Setting<Value> {
  /** Environment variable, e.g. `AGENT_MQTT_PORT`. */
  name: string;
  /** Turns the text into the value or throws an Error that says what is expected. */
  parse: (text: string) => Value;
  /** Text as it would be written; undefined: the setting is off or computed when it is absent. */
  default?: string;
  /** One sentence, with the unit. */
  sentence: string;
  /** The value may hold a password: it is never printed. */
  secret?: true;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds settings of different types; the values' types are inferred below.
export type SettingsTable = Record<string, Setting<any>>;

export type SettingsOf<Table extends SettingsTable> = {
  [Key in keyof Table]: Table[Key] extends { default: string }
    ? ReturnType<Table[Key]['parse']>
    : ReturnType<Table[Key]['parse']> | undefined;
};

/**
 * @param prefixes beginnings of names that belong to this program, e.g. `AGENT_`
 * @throws AppError `bad-setting`, one line per setting that is wrong
 */
export function readSettings<Table extends SettingsTable>(
  table: Table,
  env: NodeJS.ProcessEnv,
  ...prefixes: readonly string[]
): SettingsOf<Table> {
  const { values, problems } = trySettings(table, env, prefixes);
  if (problems.length > 0) {
    const lines = problems.map(({ name, message }) => `${name}${message}`);
    throw new AppError('bad-setting', lines.join('\n'), { hint: SETTINGS_HINT });
  }
  return values as SettingsOf<Table>;
}

export const SETTINGS_HINT = 'correct the environment; --help lists every setting';

export interface SettingProblem {
  /** Environment variable. */
  name: string;
  /** What follows the name in a sentence: `=x: needs …` or `: there is no such …`. */
  message: string;
}

/** Everything that is wrong, and the values of what is right. */
export function trySettings<Table extends SettingsTable>(
  table: Table,
  env: NodeJS.ProcessEnv,
  prefixes: readonly string[],
): { values: Partial<SettingsOf<Table>>; problems: SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(table)) {
    const given = env[setting.name];
    const text = given === undefined || given === '' ? setting.default : given;
    if (text === undefined) continue;
    try {
      values[key] = setting.parse(text);
    } catch (error) {
      const shown = setting.secret ? '…' : text;
      problems.push({ name: setting.name, message: `=${shown}: ${messageOf(error)}` });
    }
  }
  const known = new Set(Object.values(table).map(setting => setting.name));
  for (const name of Object.keys(env)) {
    const ours = prefixes.some(prefix => name.startsWith(prefix));
    if (ours && !known.has(name)) problems.push({ name, message: unknownName(name, [...known]) });
  }
  return { values: values as Partial<SettingsOf<Table>>, problems };
}

/** The table as text for `--help`. */
export function describeSettings(table: SettingsTable): string {
  return Object.values(table)
    .map(({ name, default: text, sentence }) => `  ${name} (${text ?? 'off'})\n      ${sentence}`)
    .join('\n');
}

/** The table as an environment file with every line commented out. */
export function envExample(table: SettingsTable): string {
  return Object.values(table)
    .map(({ name, default: text, sentence }) => `# ${sentence}\n#${name}=${text ?? ''}\n`)
    .join('\n');
}

function unknownName(name: string, known: readonly string[]): string {
  const pairs = pairsOf(name);
  const likeness = (other: string) => {
    const others = pairsOf(other);
    return [...others].filter(pair => pairs.has(pair)).length / (others.size + pairs.size);
  };
  const [nearest = ''] = [...known].sort((a, b) => likeness(b) - likeness(a));
  const guess = likeness(nearest) > 0 ? `; did you mean ${nearest}?` : '';
  return `: there is no such setting${guess}`;
}

/** `AGENT_PORT` → PO OR RT: names that look alike share most of them. */
function pairsOf(name: string): Set<string> {
  const letters = name.replace(/^[A-Z]+_(?=.)/, '').replaceAll('_', '');
  return new Set([...letters].slice(1).map((letter, i) => `${letters[i]}${letter}`));
}

export function text(value: string): string {
  return value;
}

export function wholeNumber(min: number, max: number): (value: string) => number {
  return value => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new Error(`needs a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

export const port = wholeNumber(0, 65_535);

export function flag(value: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw new Error('needs true or false');
}

/** An absolute http(s) URL without a trailing slash, credentials, query or fragment. */
export function httpUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Error('needs an address such as https://relay.example.com');
  }
  if (url.username || url.search || url.hash) {
    throw new Error('needs an address without user, query or fragment');
  }
  return url.href.replace(/\/+$/, '');
}
