/** The way to the relay: private authorities, proxies, deadlines. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeCertificate } from '../../../agent/broker/certificate.ts';
import { openRelayHttp, type ProxySettings } from '../../../agent/delivery/relay-http.ts';
import { tempFolder } from '../../support/agent.ts';

const NO_PROXY: ProxySettings = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined };
const PUT = { method: 'PUT', body: 'x' } as const;

interface Server {
  url: string;
  cert: string;
}

async function httpsServer(t: TestContext, answer = 'signed'): Promise<Server> {
  const made = makeCertificate(['relay.test', '127.0.0.1'], Date.now());
  const server = createServer(made, (_request, response) => response.end(answer));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, cert: made.cert };
}

async function open(t: TestContext, caFile?: string, proxy = NO_PROXY, deadlineMs = 2000) {
  const http = await openRelayHttp({ proxy, caFile, deadlineMs });
  t.after(() => http.stop());
  return http;
}

test('a relay with a private certificate is trusted only with its CA file', async t => {
  const { url, cert } = await httpsServer(t);
  const caFile = join(await tempFolder(t), 'ca.pem');
  await writeFile(caFile, cert);
  const trusting = await open(t, caFile);
  assert.equal(await trusting.call({ ...PUT, url }), 'signed');
  const other = await open(t);
  await assert.rejects(other.call({ ...PUT, url }), /certificate is not trusted here/);
});

test('a CA file that is not there refuses to start and names the setting', async () => {
  const opened = openRelayHttp({ proxy: NO_PROXY, caFile: '/nowhere/ca.pem' });
  await assert.rejects(opened, /AGENT_RELAY_CA_FILE: \/nowhere\/ca.pem cannot be read/);
});

test('with a proxy in the environment https goes through it', async t => {
  const { url, cert } = await httpsServer(t);
  const asked: string[] = [];
  const proxy = createProxy();
  proxy.on('connect', (request, socket) => {
    asked.push(String(request.url));
    const { port } = new URL(url);
    const onward = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>(done => proxy.listen(0, '127.0.0.1', done));
  t.after(() => proxy.close());
  const caFile = join(await tempFolder(t), 'ca.pem');
  await writeFile(caFile, cert);
  const httpsProxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const http = await open(t, caFile, { ...NO_PROXY, httpsProxy });
  const call = { ...PUT, url: url.replace('127.0.0.1', 'relay.test') };
  assert.equal(await http.call(call), 'signed');
  assert.match(asked[0] ?? '', /^relay\.test:\d+$/);
});

test('an answer that drips for ever is cut off at the deadline of the whole attempt', async t => {
  const server = createProxy((_request, response) => {
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = await open(t, undefined, NO_PROXY, 300);
  const began = Date.now();
  await assert.rejects(http.call({ ...PUT, url }), /no whole answer in time/);
  assert.ok(Date.now() - began < 1500);
});

test('an endless answer is cut off at its size', async t => {
  const server = createProxy((_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024, 0x61);
    const pour = () => {
      while (!response.destroyed && response.write(chunk));
      response.once('drain', pour);
    };
    pour();
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const http = await open(t, undefined, NO_PROXY, 20_000);
  await assert.rejects(http.call({ ...PUT, url }), /answer is larger than/);
});
