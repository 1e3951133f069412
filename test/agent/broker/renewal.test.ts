/** A certificate that is replaced on disk is used by the next connection, without a restart. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:tls';
import mqtt from 'mqtt';
import { makeCertificate } from '../../../agent/broker/certificate.ts';
import {
  ownCertificate,
  readCertificate,
  type TlsFiles,
  watchCertificate,
} from '../../../agent/broker/tls.ts';
import { systemClock } from '../../../agent/clock.ts';
import { silentLog } from '../../../protocol/host/log.ts';
import { publish, type RunningShop, runShop, sale, tempFolder } from '../../support/agent.ts';
import { until } from '../../support/core.ts';

interface Secured {
  shop: RunningShop;
  files: TlsFiles;
  url: string;
  /** Certificates taken over since the start. */
  seen: { renewed: number };
}

async function securedShop(t: TestContext): Promise<Secured> {
  const dataDir = await tempFolder(t);
  const files = await ownCertificate(dataDir, systemClock);
  const certificate = await readCertificate(files);
  const shop = await runShop(t, { dataDir, broker: { tls: { port: 0, ...certificate } } });
  const seen = { renewed: 0 };
  const reload = (next: typeof certificate) => {
    shop.broker.reloadTls(next.cert, next.key);
    seen.renewed += 1;
  };
  t.after(watchCertificate(files, certificate, silentLog(), reload, 5));
  return { shop, files, seen, url: shop.broker.tlsAddress ?? '' };
}

/** What a new connection is shown. */
async function shown(url: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const socket = connect({ host, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

const fingerprint = (cert: string) => new X509Certificate(cert).fingerprint256;

test('a renewed certificate is shown to the next till; one that is connected goes on', async t => {
  const { shop, files, url, seen } = await securedShop(t);
  const { password } = await shop.terminals.add('till-1');
  const till = await mqtt.connectAsync(url, {
    ...{ clientId: 'till-1', username: 'till-1', password, protocolVersion: 4 },
    ...{ ca: await readFile(files.certFile), reconnectPeriod: 0 },
  });
  t.after(() => till.endAsync(true));
  const before = await shown(url);
  const next = makeCertificate(['localhost', '127.0.0.1'], Date.now());
  await writeFile(files.keyFile, next.key);
  await writeFile(files.certFile, next.cert);
  await until(() => seen.renewed === 1);
  assert.notEqual(fingerprint(next.cert), before);
  assert.equal(await shown(url), fingerprint(next.cert));
  await publish(till, sale(1));
  assert.equal(shop.shop.dayBook.dates().length, 1);
});

test('a certificate that is there before its key changes nothing until both are', async t => {
  const { files, url, seen } = await securedShop(t);
  const before = await shown(url);
  const next = makeCertificate(['localhost'], Date.now());
  await writeFile(files.certFile, next.cert);
  for (const key of [undefined, '', next.key.slice(0, 100)]) {
    if (key !== undefined) await writeFile(files.keyFile, key);
    await wait(30);
    assert.equal(await shown(url), before);
  }
  assert.equal(seen.renewed, 0);
  await writeFile(files.keyFile, next.key);
  await until(() => seen.renewed === 1);
  assert.equal(await shown(url), fingerprint(next.cert));
});

test('rubbish in the place of a certificate leaves the old one in use', async t => {
  const { files, url, seen } = await securedShop(t);
  const before = await shown(url);
  await writeFile(files.certFile, 'no certificate');
  await wait(50);
  assert.equal(await shown(url), before);
  assert.equal(seen.renewed, 0);
});
