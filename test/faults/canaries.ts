/**
 * The canaries: each fault suite is also run on a program that is broken in the very way the suite
 * is there to find, and must fail. One row each: what is broken, the lines of compiled code that
 * are replaced in the running program (`breaking.ts`), and what the suite must say.
 */
import assert from 'node:assert/strict';
import { type TestContext, type TestOptions, test } from 'node:test';
import { inspect } from 'node:util';

export interface Canary {
  /** The broken program, in a few words. */
  what: string;
  /** A file, a line of it (or a part that stands there once), and what stands there instead. */
  changes: readonly (readonly [file: string, line: string, instead: string])[];
  /** What the suite says when it fails. */
  says: RegExp;
}

const YES_FIRST = 'const settle = acks.enter(done); settle();';

export const CANARIES = {
  kill: {
    what: 'a shop that acknowledges 30 ms before the disk has the sale',
    changes: [
      ['agent/broker/broker.js', 'const settle = acks.enter(done);', YES_FIRST],
      ['agent/journal/chain-file.js', 'setImmediate(() =>', 'setTimeout(() =>'],
      ['agent/journal/chain-file.js', 'void this.#run());', 'void this.#run(), 30);'],
    ],
    says: /was acknowledged and is lost/,
  },
  power: {
    what: 'an agent whose syncs are left out',
    changes: [['agent/journal/disk.js', '() => handle.datasync()', 'async () => undefined']],
    says: /was acknowledged and is lost/,
  },
  frozen: {
    what: 'an agent that does not know a sale when it comes again',
    changes: [
      ['agent/intake/judge.js', 'const known = this.#ruleKnownId(message, facts);', 'let known;'],
      [
        'agent/intake/judge.js',
        'if (dayBook.numbers.has(terminal, epoch, sequence))',
        'if (false)',
      ],
    ],
    says: /is stored twice/,
  },
  'out-of-files': {
    what: 'an agent that takes a file it could not open for a written one',
    changes: [
      ['agent/journal/chain-file.js', 'return diskError(error, `opening', 'return void (`'],
      [
        'agent/journal/chain-file.js',
        'if (this.#file === undefined)',
        'if (!this.#file) return { write: async one => one.length, datasync: async () => 0 }; if (0)',
      ],
    ],
    says: /was acknowledged and is lost/,
  },
  'two-agents': {
    what: 'an agent that does not look at the lock of its folder',
    changes: [
      [
        'protocol/host/folder-lock.js',
        'if (!(await createLock(path, me)) && !(await takeOver(path, me)))',
        'if (false)',
      ],
    ],
    says: /[2-5] agents have the folder/,
  },
  'failed-sync': {
    what: 'an agent that takes a failed sync for a good one',
    changes: [
      ['agent/journal/chain-file.js', 'return this.#break(error, `syncing ${', 'void (`${'],
    ],
    says: /acknowledged after the disk failed/,
  },
  'full-disk': {
    what: 'an agent that says yes to what it refused for want of room',
    changes: [
      [
        'agent/broker/broker.js',
        'const refusal = this.#refused(client.id, error);',
        'return settle();',
      ],
    ],
    says: /acknowledged without room/,
  },
  'short-writes': {
    what: 'a disk port that does not look at how much was written',
    changes: [['agent/journal/disk.js', 'written += count;', 'written = bytes.length;']],
    says: /was acknowledged and is lost/,
  },
  'slow-disk': {
    what: 'an agent that reads on while the disk does not follow',
    changes: [
      [
        'agent/broker/broker.js',
        'socket.setNoDelay(true);',
        'socket._readableState.highWaterMark = 2 ** 30;',
      ],
    ],
    says: /the memory grew to/,
  },
  'any-password': {
    what: 'a broker that lets every password in',
    changes: [['agent/broker/broker.js', ' || !terminals.check(user, password)', '']],
    says: /actual: 'let in'/,
  },
  'other-names': {
    what: 'a broker that lets a till in under the name of another',
    changes: [['agent/broker/broker.js', 'if (user !== client.id)', 'if (false)']],
    says: /actual: 'let in'/,
  },
  'slow-connect': {
    what: 'a broker that waits for a CONNECT as long as it takes',
    changes: [['agent/broker/broker.js', 'CONNECT_WITHIN_MS = 5000', 'CONNECT_WITHIN_MS = 1e6']],
    says: /not in time: all are sent away/,
  },
  'huge-packet': {
    what: 'a broker that gathers whatever a header declares',
    changes: [['agent/broker/header-guard.js', "return 'too-large';", "return 'ok';"]],
    says: /the memory grew to/,
  },
  'idle-sockets': {
    what: 'a broker that keeps every socket that is opened',
    changes: [
      ['agent/broker/doorkeeper.js', 'CONNECTIONS_MAX = 1000', 'CONNECTIONS_MAX = 1e6'],
      ['agent/broker/doorkeeper.js', 'PER_ADDRESS_MAX = 100', 'PER_ADDRESS_MAX = 1e6'],
      ['agent/broker/doorkeeper.js', 'STRANGERS_MAX = 250', 'STRANGERS_MAX = 1e6'],
    ],
    says: /the agent held \d+ files/,
  },
  'mutated-packets': {
    what: 'a broker whose process ends by a broken packet',
    changes: [
      ['agent/broker/broker.js', '#lost(client, error) {', '#lost(client, error) { throw error;'],
    ],
    says: /the agent ended/,
  },
  'flipped-bit': {
    what: 'an agent that cuts its journal at the first record that went bad',
    changes: [
      [
        'agent/journal/recover.js',
        "await setAside(disk, path, wrong, 'damaged');",
        "await setAside(disk, path, wrong, 'damaged'); return file.truncate(wrong[0].offset);",
      ],
    ],
    says: /records lost by one bit/,
  },
  'torn-line': {
    what: 'an agent that takes a torn last line for damage',
    changes: [['agent/journal/recover.js', '!ended && salvage(', 'false && salvage(']],
    says: /1 !== 0/,
  },
  partition: {
    what: 'an agent that forgets a day which it could not deliver',
    changes: [
      [
        'agent/delivery/forwarder.js',
        'await putOff(parts, day, error);',
        "await putOff(parts, day, error); day.receipt = { verdict: 'accepted' }; return true;",
      ],
    ],
    says: /head office has other totals than the tills/,
  },
  clone: {
    what: 'a relay that does not look at the chain of summaries',
    changes: [
      [
        'relay/inbox/chain.js',
        'if (evidence.keyIsRevoked)',
        "return { verdict: 'accepted', moves: true }; if (evidence.keyIsRevoked)",
      ],
    ],
    says: /not in time: the clone is told/,
  },
  'lost-answer': {
    what: 'a relay that does not know a summary when it comes again',
    changes: [['relay/inbox/summaries.js', 'if (known !== undefined) {', 'if (false) {']],
    says: /the same day was kept aside/,
  },
  clock: {
    what: 'an agent that believes every clock',
    changes: [
      [
        'agent/day/clock-watch.js',
        'const { forgivenMs, suspect }',
        "return 'right'; const { forgivenMs, suspect }",
      ],
    ],
    says: /not in time: clock-behind/,
  },
  upstream: {
    what: 'an agent that acknowledges to the existing broker what it has only read',
    changes: [
      [
        'agent/broker/upstream.js',
        'client.handleMessage = (packet, done) => {',
        'client.handleMessage = (packet, yes) => { yes(); const done = () => 0;',
      ],
    ],
    says: /the agent has every receipt/,
  },
  'failed-till-sync': {
    what: 'a till that takes a failed sync of its outbox for a good one',
    changes: [
      [
        'agent/terminal-kit/outbox-file.js',
        'datasync().catch(cause => this.#break(cause))',
        'datasync().catch(() => 0)',
      ],
    ],
    says: /goes on after its disk failed/,
  },
  steps: {
    what: 'an agent that cuts a torn line off by emptying the file and writing the rest anew',
    changes: [
      [
        'agent/journal/recover.js',
        'await file.truncate(tail.offset);',
        'const rest = await readUpTo(file, tail.offset, 0); await file.truncate(0); await writeAll(file, rest, 0);',
      ],
    ],
    says: /was acknowledged and is lost/,
  },
  'day-close': {
    what: 'an agent that leaves half-written summaries where they are',
    changes: [['agent/day/signed-days.js', "if (name.endsWith('.tmp'))", 'if (false)']],
    says: /\.tmp/,
  },
} as const satisfies Record<string, Canary>;

export type CanaryName = keyof typeof CANARIES;

/** For the programs of a suite; empty when they are to be whole. */
export type Broken = Readonly<Record<string, string>>;

/** A suite: all it starts gets this environment. */
export type Suite = (t: TestContext, broken: Broken) => Promise<void>;

export const WHOLE: Broken = {};

/** Runs the suite on a broken program; passes when the suite fails in the right words. */
export function canary(name: CanaryName, options: TestOptions, suite: Suite): void {
  const { what, says }: Canary = CANARIES[name];
  test(`canary: ${what} is found out`, options, async t => {
    const failure = await suite(t, brokenBy(name)).then(
      () => assert.fail('the suite found nothing: it proves nothing'),
      (error: unknown) => inspect(error),
    );
    assert.match(failure, says);
  });
}

function brokenBy(name: CanaryName): Broken {
  const breaking = new URL('./breaking.js', import.meta.url).href;
  return { TILLBOOK_CANARY: name, NODE_OPTIONS: `--import=${breaking}` };
}

/** The file's code, broken where the canary says so. @throws Error when a line is not there once */
export function changesIn(name: CanaryName, file: string, code: string): string {
  let text = code;
  for (const [path, line, instead] of CANARIES[name].changes as Canary['changes']) {
    if (path !== file) continue;
    const pieces = text.split(line);
    if (pieces.length !== 2) throw new Error(`canary ${name}: ${file} has no single "${line}"`);
    text = pieces.join(instead);
  }
  return text;
}
