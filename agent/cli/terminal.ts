/** `terminal`: who may publish sales. */
import { transactionsTopic } from '../../protocol/topics.ts';
import { command, table } from './command.ts';
import type { Core } from './core.ts';

interface Issued {
  id: string;
  password: string;
  mqtt: string | null;
  mqtts: string | null;
  fingerprint: string | null;
}

const add = command<Issued>({
  name: 'terminal add',
  usage: 'ID [--json]',
  summary: 'Lets a till publish sales and prints its password, once.',
  positionals: [1, 1],
  work: async (core, { positionals }) =>
    issued(core, await core.terminals.add(positionals[0] ?? '')),
  print: describe,
});

const rotate = command<Issued>({
  name: 'terminal rotate',
  usage: 'ID [--json]',
  summary: 'Gives a till a new password; the old one ends at once.',
  positionals: [1, 1],
  work: async (core, { positionals }) =>
    issued(core, await core.terminals.rotate(positionals[0] ?? '')),
  print: describe,
});

const remove = command({
  name: 'terminal remove',
  usage: 'ID',
  summary: 'Ends a till’s access at once; its sales stay.',
  positionals: [1, 1],
  async work({ terminals }, { positionals }) {
    const [id = ''] = positionals;
    await terminals.remove(id);
    return { id };
  },
  print: ({ id }) => `${id} may not publish any more.`,
});

const list = command({
  name: 'terminal list',
  usage: '[--json]',
  summary: 'Shows the tills and when they were last seen.',
  async work({ observe, terminals }) {
    const seen = new Map(observe().terminals.map(till => [till.id, till]));
    return terminals.list().map(({ id, addedAt }) => {
      const { connected = false, lastSeenAt = null, lastSaleAt = null } = seen.get(id) ?? {};
      return { id, addedAt, connected, lastSeenAt, lastSaleAt };
    });
  },
  print(tills) {
    if (tills.length === 0) return 'No till yet. Add one: tillbook-agent terminal add till-1';
    return table([
      ['TILL', 'CONNECTED', 'LAST SALE', 'LAST SEEN', 'ADDED'],
      ...tills.map(({ id, connected, lastSaleAt, lastSeenAt, addedAt }) => [
        id,
        connected ? 'yes' : 'no',
        lastSaleAt ?? '-',
        lastSeenAt ?? '-',
        addedAt,
      ]),
    ]);
  },
});

export const terminalCommands = [add, rotate, list, remove];

function issued(core: Core, { id, password }: { id: string; password: string }): Issued {
  const { plain, tls } = core.observe().mqtt;
  return { id, password, mqtt: plain, mqtts: tls, fingerprint: core.tlsFingerprint() ?? null };
}

function describe({ id, password, mqtt, mqtts, fingerprint }: Issued): string {
  const address = new URL(mqtt ?? mqtts ?? 'mqtt://127.0.0.1:1883');
  const host = address.hostname === '0.0.0.0' ? '127.0.0.1' : address.hostname;
  const lines = [
    `broker    ${[mqtt, mqtts].filter(Boolean).join('  ') || 'the agent is not running'}`,
    `user      ${id}`,
    `password  ${password}`,
    `client id ${id}`,
    `topic     ${transactionsTopic(id)} (QoS 1)`,
    ...(fingerprint === null ? [] : [`CA        SHA-256 ${fingerprint}`]),
    '',
    'The password is shown this once. To try it (mosquitto-clients):',
    `  mosquitto_pub -h ${host} -p ${address.port || '1883'} -V mqttv311 -i ${id} -u ${id} -P '${password}' -q 1 -t ${transactionsTopic(id)} -f sale.json`,
  ];
  return lines.join('\n');
}
