/**
 * The Xero stand-in as a process of its own, for the demo and for rehearsals:
 * `node dist/test/support/xero/main.js --port 0 [--seeds sg,au] [--latency-ms 40]
 *  [--client-id ID --client-secret SECRET --redirect-uri URI]`.
 * Logs one JSON line when it listens; SIGTERM ends it.
 */
import { parseArgs } from 'node:util';
import { SEED_KEYS } from './seeds.ts';
import { startXero } from './server.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    seeds: { type: 'string', default: SEED_KEYS.join(',') },
    'latency-ms': { type: 'string', default: '0' },
    'client-id': { type: 'string' },
    'client-secret': { type: 'string' },
    'redirect-uri': { type: 'string', multiple: true },
  },
});

const xero = await startXero({
  port: Number(values.port),
  seeds: SEED_KEYS.filter(key => values.seeds.split(',').includes(key)),
  latencyMs: Number(values['latency-ms']),
});
if (values['client-id'] !== undefined) {
  xero.control.registerApp({
    clientId: values['client-id'],
    ...(values['client-secret'] !== undefined && { clientSecret: values['client-secret'] }),
    redirectUris: values['redirect-uri'] ?? [],
  });
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void xero.stop());
console.log(JSON.stringify({ event: 'listening', http: xero.url }));
