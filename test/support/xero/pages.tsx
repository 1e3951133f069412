/**
 * The stand-in's pages for people: organisations, sales, one document as Xero would show it,
 * accounts with what moved on them, settings, and the developer's apps. Forms do what a bookkeeper
 * can do by hand.
 */
import express, { type Request, type Response, type Router } from 'express';
import { AccountsPage } from './accounts-page.tsx';
import { AppsPage } from './apps-page.tsx';
import type { Control } from './control.ts';
import { DocumentPage } from './document-page.tsx';
import { docNamed } from './hands.ts';
import { HomePage } from './home-page.tsx';
import { type Page, renderPage } from './layout.tsx';
import { SalesPage } from './sales-page.tsx';
import { SettingsPage } from './settings-page.tsx';
import type { Organisation } from './types.ts';
import { findOrganisation, type World } from './world.ts';

const FORM = express.urlencoded({ extended: false });

/** Adds the pages. They answer before the recorder, so that looking changes no count. */
export function pageRoutes(world: World, control: Control): Router {
  const router = express.Router();
  router.use('/assets', express.static(`${import.meta.dirname}/assets`));
  lookingRoutes(router, world);
  doingRoutes(router, control);
  return router;
}

function lookingRoutes(router: Router, world: World): void {
  const show = (page: (o: Organisation, id: string) => Page) => {
    return (req: { params: Record<string, unknown> }, res: Response) => {
      try {
        const organisation = findOrganisation(world, String(req.params['key']));
        send(res, page(organisation, String(req.params['id'] ?? '')));
      } catch (error) {
        res.status(404).type('text').send(String(error));
      }
    };
  };
  router.get('/', (_req, res) => send(res, <HomePage organisations={world.organisations} />));
  router.get('/apps', (_req, res) => send(res, <AppsPage apps={world.apps} />));
  router.get(
    '/organisations/:key',
    show(o => <SalesPage organisation={o} />),
  );
  router.get(
    '/organisations/:key/documents/:id',
    show((o, id) => <DocumentPage organisation={o} doc={docNamed(o, id)} />),
  );
  router.get(
    '/organisations/:key/accounts',
    show(o => <AccountsPage organisation={o} />),
  );
  router.get(
    '/organisations/:key/settings',
    show(o => <SettingsPage organisation={o} world={world} />),
  );
  // Xero's deep links: …?shortcode=!x&redirecturl=/AccountsReceivable/View.aspx?InvoiceID=…
  router.get('/organisationlogin/default.aspx', (req, res) => {
    const query = new URL(req.originalUrl, 'http://stand-in').searchParams;
    const o = world.organisations.find(each => each.shortCode === query.get('shortcode'));
    const id = /(?:InvoiceID|creditNoteID)=([\w-]+)/i.exec(query.get('redirecturl') ?? '')?.[1];
    if (o === undefined) res.redirect('/');
    else res.redirect(`/organisations/${o.key}${id === undefined ? '' : `/documents/${id}`}`);
  });
}

/** Where a form wants to return to; only within these pages. */
function backFrom(body: Form | undefined, key: string): string {
  const back = body?.['back'] ?? '';
  return back.startsWith('/organisations/') ? back : `/organisations/${key}`;
}

type Form = Readonly<Record<string, string>>;

function doingRoutes(router: Router, control: Control): void {
  const act = (path: string, action: (organisation: string, form: Form, id: string) => void) => {
    router.post(`/organisations/:key${path}`, FORM, (req: Request, res) => {
      const key = String(req.params['key']);
      try {
        action(key, (req.body ?? {}) as Form, String(req.params['id'] ?? ''));
        res.redirect(303, backFrom(req.body, key));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        res.status(409).type('text').send(reason);
      }
    });
  };
  act('/documents/:id/void', (organisation, _form, id) => {
    control.voidDocument({ organisation, document: id, payments: false });
  });
  act('/documents/:id/edit', (organisation, form, id) => {
    control.editDocument({ organisation, document: id, reference: form['reference'] ?? '' });
  });
  act('/payments/:id/remove', (organisation, _form, id) => {
    control.deletePayment({ organisation, payment: id });
  });
  act('/payments/:id/reconcile', (organisation, _form, id) => {
    control.reconcilePayment({ organisation, payment: id });
  });
  act('/accounts/:id/archive', (organisation, _form, id) => {
    control.archiveAccount({ organisation, code: id });
  });
  act('/accounts/:id/restore', (organisation, _form, id) => {
    control.restoreAccount({ organisation, code: id });
  });
  act('/accounts/:id/payments', (organisation, form, id) => {
    control.enablePayments({ organisation, code: id, enabled: form['enabled'] === 'yes' });
  });
  act('/accounts', (organisation, form) => {
    const { code = '', name = '', type = 'CURRENT' } = form;
    const enablePayments = form['payments'] === 'yes';
    control.addAccount({ organisation, code, name, type, enablePayments });
  });
  act('/lock-dates', (organisation, form) => {
    const dates = { period: form['period'] || null, endOfYear: form['endOfYear'] || null };
    control.setLockDates({ organisation, ...dates });
  });
  act('/disconnect', organisation => control.disconnect({ organisation }));
  router.post('/apps', FORM, (req, res) => {
    const form = (req.body ?? {}) as Form;
    const redirectUris = (form['redirectUris'] ?? '').split(/\s+/).filter(uri => uri !== '');
    control.registerApp({ name: form['name'] || 'Tillbook', redirectUris });
    res.redirect(303, '/apps');
  });
}

function send(res: Response, page: Page): void {
  res.type('html').send(renderPage(page));
}
