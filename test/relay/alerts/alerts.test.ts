/** Alerts: told once when they begin, once when they end, by real SMTP and real HTTP. */
import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { createWebhookSender } from '../../../relay/alerts/webhook.ts';
import { codeBlocksOf } from '../../support/markdown.ts';
import { type AlertDesk, START, startDesk } from './alert-desk.ts';

interface Recipe {
  isFromTillbook(secret: string, headers: IncomingHttpHeaders, body: string): boolean;
}

/** The program of deploy/README.md. */
async function recipe(): Promise<Recipe> {
  const { code = '' } = codeBlocksOf('deploy/README.md').find(b => b.label === 'webhook') ?? {};
  return await import(`data:text/javascript,${encodeURIComponent(code)}`);
}

describe('an alert', () => {
  let desk: AlertDesk;
  beforeEach(async () => {
    desk = await startDesk();
    await desk.addUser('owner', 'admin');
  });
  afterEach(() => desk.stop());

  it('is mailed once when it begins and once when it is over', async () => {
    await desk.connection('a', 'disconnected');
    await desk.lookLater();
    await desk.lookLater();
    assert.equal(desk.mails.length, 1);
    assert.match(desk.mails[0] ?? '', /Subject: Tillbook: The connection to Xero is lost/);
    assert.match(desk.mails[0] ?? '', /press Reconnect/);
    await desk.connection('a', 'connected');
    await desk.lookLater();
    await desk.lookLater();
    assert.equal(desk.mails.length, 2);
    assert.match(desk.mails[1] ?? '', /Subject: Tillbook: mended/);
    assert.deepEqual(await desk.db.list('alerts'), []);
  });

  it('comes with others as one digest instead of a storm', async () => {
    for (const id of ['a', 'b', 'c']) await desk.connection(id, 'disconnected');
    await desk.lookLater();
    await desk.connection('d', 'disconnected');
    await desk.alerts.look();
    assert.equal(desk.mails.length, 1);
    assert.match(desk.mails[0] ?? '', /Subject: Tillbook: 3 things need you/);
    await desk.lookLater();
    assert.equal(desk.mails.length, 2);
  });

  it('is told again when the mail server did not take it', async () => {
    desk.refuseMail(true);
    await desk.connection('a', 'disconnected');
    await desk.lookLater();
    assert.equal(desk.mails.length, 0);
    desk.refuseMail(false);
    await desk.lookLater();
    assert.equal(desk.mails.length, 1);
  });

  it('is not mailed to a viewer, nor to whoever did not choose it', async () => {
    await desk.addUser('viewer', 'viewer');
    await desk.addUser('choosy', 'admin', { alertKinds: ['gap'] });
    await desk.connection('a', 'disconnected');
    await desk.lookLater();
    assert.equal(desk.mails.length, 1);
    assert.match(desk.mails[0] ?? '', /To: owner@example.com/);
  });
});

describe('an alert for a webhook', () => {
  let desk: AlertDesk;
  beforeEach(async () => {
    desk = await startDesk();
  });
  afterEach(() => desk.stop());

  it('goes there with a signature that the documented recipe checks', async t => {
    const { url, received } = await desk.startReceiver();
    const secret = await desk.db.write(tx => desk.alerts.addWebhook(tx, url, 'owner@example.com'));
    await desk.connection('a', 'disconnected');
    await desk.lookLater();
    const [call] = received;
    assert.ok(call !== undefined);
    const { isFromTillbook } = await recipe();
    const at = Number(call.headers['webhook-timestamp']) * 1000;
    t.mock.timers.enable({ apis: ['Date'], now: at + 60_000 });
    assert.equal(isFromTillbook(secret, call.headers, call.body), true);
    assert.equal(isFromTillbook(secret, call.headers, `${call.body} `), false);
    assert.equal(isFromTillbook('whsec_AAAA', call.headers, call.body), false);
    t.mock.timers.setTime(at + 3_600_000);
    assert.equal(isFromTillbook(secret, call.headers, call.body), false, 'played back');
    assert.equal(JSON.parse(call.body).data.began[0].kind, 'connection-lost');
    const rows = JSON.stringify(await desk.db.list('webhooks'));
    assert.ok(!rows.includes(secret.slice('whsec_'.length)));
  });

  it('comes again with the id it had, until it is taken', async () => {
    const { url, received, refuse } = await desk.startReceiver();
    await desk.db.write(tx => desk.alerts.addWebhook(tx, url, 'owner@example.com'));
    refuse(true);
    await desk.connection('a', 'disconnected');
    await desk.lookLater();
    refuse(false);
    await desk.lookLater();
    await desk.connection('a', 'connected');
    await desk.lookLater();
    const [refused, taken, over, ...more] = received.map(({ headers }) => headers['webhook-id']);
    assert.equal(taken, refused);
    assert.notEqual(over, taken, 'the end of it is other news');
    assert.deepEqual(more, []);
  });
});

describe('a webhook address', () => {
  const sender = createWebhookSender(false);
  after(() => sender.close());

  for (const url of [
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://[::1]/hook',
    'https://169.254.169.254/latest/meta-data',
    'https://10.1.2.3/hook',
    'https://user:secret@example.com/hook',
    'ftp://example.com',
    'nonsense',
  ]) {
    it(`${url} is refused when it is typed`, () => {
      assert.throws(() => sender.check(url), { code: 'bad-input', path: 'url' });
    });
  }

  it('whose name points into the own network is refused when it is connected to', async () => {
    const hook = { url: 'https://localhost/hook', secret: 'whsec_AAAA' };
    const message = { id: '1', event: {} };
    await assert.rejects(sender.send(hook, message, START), { code: /not-allowed|unreachable/ });
    await assert.rejects(sender.send(hook, message, START), /own network/);
  });
});
