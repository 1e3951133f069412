/** `terminal`: who may publish sales. */
import { renderUnicodeCompact } from 'uqr';
import { formatInstant } from '../../protocol/business-date.ts';
import { transactionsTopic } from '../../protocol/topics.ts';
import { shopAddress } from '../addresses.ts';
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
    const { terminals: observed, timezone } = observe();
    const seen = new Map(observed.map(till => [till.id, till]));
    return terminals.list().map(({ id, addedAt: at }) => {
      const addedAt = formatInstant(Date.parse(at), timezone);
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
  return {
    id,
    password,
    mqtt: plain === null ? null : shopAddress(plain),
    mqtts: tls === null ? null : shopAddress(tls),
    fingerprint: core.tlsFingerprint() ?? null,
  };
}

function describe(issued: Issued): string {
  const { id, password, mqtt, mqtts, fingerprint } = issued;
  const lines = [
    `broker    ${[mqtts, mqtt].filter(Boolean).join('  ') || 'the agent is not running: tillbook-agent status shows it later'}`,
    `user      ${id}`,
    `password  ${password}`,
    `client id ${id}`,
    `topic     ${transactionsTopic(id)} (QoS 1, clean session, MQTT 3.1.1)`,
    ...(fingerprint === null
      ? []
      : [`trust     SHA-256 ${fingerprint}`, '          (tls.crt in the data folder)']),
    '',
    renderUnicodeCompact(pairingText(issued), { border: 2 }),
    '',
    'The password is shown this once. To try it (Debian package mosquitto-clients):',
    `  ${mosquittoLine(issued)}`,
  ];
  return lines.join('\n');
}

/** What the QR code says: the address with user and password, and the fingerprint to trust. */
function pairingText({ id, password, mqtt, mqtts, fingerprint }: Issued): string {
  const url = new URL(mqtts ?? mqtt ?? 'mqtt://127.0.0.1:1883');
  url.username = id;
  url.password = password;
  if (mqtts !== null && fingerprint !== null)
    url.hash = `sha256=${fingerprint.replaceAll(':', '')}`;
  return url.href;
}

function mosquittoLine({ id, password, mqtt, mqtts }: Issued): string {
  const { hostname, port } = new URL(mqtt ?? mqtts ?? 'mqtt://127.0.0.1:1883');
  const trust = mqtt === null && mqtts !== null ? '--cafile tls.crt ' : '';
  return `mosquitto_pub -h ${hostname} -p ${port || '1883'} ${trust}-V mqttv311 -i ${id} -u ${id} -P '${password}' -q 1 -t ${transactionsTopic(id)} -f sale.json`;
}
