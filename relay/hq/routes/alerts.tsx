/** What needs a person now; who is told of what; webhooks; and tests of both ways. */
import { AppError } from '../../../protocol/errors.ts';
import { ALL_KINDS } from '../../alerts/alert.ts';
import { kindsFor } from '../../alerts/watch.ts';
import { addAudit } from '../../db/audit.ts';
import { fieldErrors, show } from '../answers.tsx';
import { type FieldError, field, goTo, part, type UserCall } from '../call.ts';
import { AlertsPage } from '../views/alerts.tsx';
import type { Route } from './route.ts';

export function alertRoutes(): Route[] {
  const at = (path: string, needs: 'viewer' | 'admin', run: (call: UserCall) => Promise<void>) =>
    ({ method: 'post', path, needs, run: orShow(run) }) as const;
  return [
    { method: 'get', path: '/alerts', needs: 'viewer', run: call => showAlerts(call, []) },
    at('/alerts/mine', 'viewer', saveMine),
    at('/alerts/mine/test', 'viewer', testMine),
    at('/alerts/webhooks', 'admin', addWebhook),
    at('/alerts/webhooks/:hook/test', 'admin', testWebhook),
    at('/alerts/webhooks/:hook/remove', 'admin', removeWebhook),
  ];
}

function orShow(run: (call: UserCall) => Promise<void>): (call: UserCall) => Promise<void> {
  return async call => {
    try {
      await run(call);
    } catch (error) {
      await showAlerts(call, fieldErrors(error));
    }
  };
}

async function showAlerts(call: UserCall, errors: FieldError[]): Promise<void> {
  const { db, alerts } = call.deps;
  const open = await call.alerts.list();
  const hooks = (await db.list('webhooks')).map(row => row.value);
  const mine = kindsFor(call.user);
  const { webhookSecret: newSecret } = call.req.session;
  delete call.req.session.webhookSecret;
  const props = { open, hooks, mine, mailIsOn: alerts.mailIsOn, errors, newSecret };
  show(call, 'Alerts', <AlertsPage {...props} email={call.user.email} />);
}

async function saveMine(call: UserCall): Promise<void> {
  const alertKinds = ALL_KINDS.filter(kind => field(call, `kind-${kind}`) === 'yes');
  await call.deps.db.write(async tx => {
    const user = await tx.get('users', call.user.id);
    if (user === undefined) throw new AppError('not-found', 'There is no such user any more.');
    await tx.put('users', user.id, { ...user, alertKinds });
    const details = { kinds: alertKinds };
    await addAudit(tx, call.now, { who: user.email, what: 'Alerts chosen', details });
  });
  await goTo(call, '/alerts', 'Your choice of alerts is saved.');
}

async function testMine(call: UserCall): Promise<void> {
  await call.deps.alerts.testMail(call.user);
  await goTo(call, '/alerts', `A test mail is on its way to ${call.user.email}.`);
}

async function addWebhook(call: UserCall): Promise<void> {
  const { alerts, db } = call.deps;
  const url = field(call, 'url');
  alerts.checkUrl(url);
  call.req.session.webhookSecret = await db.write(async tx => {
    const { email } = call.user;
    await addAudit(tx, call.now, { who: email, what: 'Webhook added', details: { url } });
    return await alerts.addWebhook(tx, url, email);
  });
  await goTo(call, '/alerts', 'The webhook is added. Copy its secret now, under Webhooks.');
}

async function testWebhook(call: UserCall): Promise<void> {
  await call.deps.alerts.testWebhook(part(call, 'hook'));
  await goTo(call, '/alerts', 'The webhook took the test.');
}

async function removeWebhook(call: UserCall): Promise<void> {
  const id = part(call, 'hook');
  await call.deps.db.write(async tx => {
    const hook = await tx.get('webhooks', id);
    if (hook === undefined) return;
    await tx.remove('webhooks', id);
    const details = { url: hook.url };
    await addAudit(tx, call.now, { who: call.user.email, what: 'Webhook removed', details });
  });
  await goTo(call, '/alerts', 'The webhook is removed.');
}
