/**
 * The hands of the tests: seed, break, look. Each call takes one object and returns plain data, so
 * that `POST /_control/<name>` can offer the same calls to another process.
 */
import { randomUUID } from 'node:crypto';
import type { Json } from './answers.ts';
import { type Movement, trialBalance } from './books.ts';
import { type In, settingsControl } from './control-settings.ts';
import type { Edit } from './hands.ts';
import * as hands from './hands.ts';
import { docJson, paymentJson } from './render.ts';
import { makeOrganisation, type SeedKey, stableId } from './seeds.ts';
import { issueTokens, makeGrant } from './tokens.ts';
import type { AppRegistration, Fault, OpenQuestions, RateLimits, RequestRecord } from './types.ts';
import { findOrganisation, resetWorld, type World } from './world.ts';

export interface RequestFilter {
  readonly method?: string;
  /** A regular expression for the path. */
  readonly path?: string;
}

const DEFAULT_SCOPES = [
  'offline_access',
  'accounting.invoices',
  'accounting.payments',
  'accounting.contacts',
  'accounting.settings.read',
];

export type Control = ReturnType<typeof makeControl>;

/** All calls, bound to one world. `home` is what `reset` goes back to. */
export function makeControl(world: World, home: readonly SeedKey[]) {
  return {
    ...worldControl(world, home),
    ...settingsControl(world),
    ...accessControl(world),
    ...handControl(world),
    ...troubleControl(world),
  };
}

function worldControl(world: World, home: readonly SeedKey[]) {
  return {
    /** Empty books, no apps, no faults, no requests. */
    reset: ({ seeds }: { seeds?: readonly SeedKey[] } = {}): void => {
      resetWorld(world, seeds ?? home);
    },
    /** Moves the stand-in's clock. */
    advance: ({ ms }: { ms: number }): void => world.advance(ms),
    now: (): string => new Date(world.now()).toISOString(),
    /** What Xero does where nobody outside knows. */
    setOpenQuestions: (answers: Partial<OpenQuestions>): void => {
      Object.assign(world.open, answers);
    },
    setLimits: (limits: Partial<RateLimits>): void => {
      Object.assign(world.limits, limits);
    },
    /** Adds an organisation from a seed, under a key and name of its own. */
    addOrganisation: ({
      seed = 'sg',
      key,
      name,
    }: {
      seed?: SeedKey;
      key?: string;
      name?: string;
    } = {}): { id: string; key: string; name: string } => {
      const made = makeOrganisation(seed, world.now());
      const organisation = {
        ...made,
        id: key === undefined ? made.id : stableId(`organisation ${key}`),
        key: key ?? seed,
        name: name ?? made.name,
      };
      world.organisations.push(organisation);
      return { id: organisation.id, key: organisation.key, name: organisation.name };
    },
    organisations: (): { id: string; key: string; name: string; baseCurrency: string }[] =>
      world.organisations.map(({ id, key, name, baseCurrency }) => ({
        id,
        key,
        name,
        baseCurrency,
      })),
    /** What posted documents and payments moved on each account, in cents; adds up to zero. */
    trialBalance: ({ organisation }: In = {}): Movement[] =>
      trialBalance(findOrganisation(world, organisation)),
    /** Invoices and credit notes as the API shows them, with lines. */
    documents: ({ organisation }: In = {}): Json[] => {
      const o = findOrganisation(world, organisation);
      return o.docs.map(doc => docJson(o, doc, { lines: true }));
    },
    /** Payments that stand, as the API shows them. */
    payments: ({ organisation }: In = {}): Json[] => {
      const o = findOrganisation(world, organisation);
      return o.payments.filter(p => p.status === 'AUTHORISED').map(p => paymentJson(o, p, false));
    },
  };
}

function accessControl(world: World) {
  return {
    /** Registers an app as on Xero's "New app" page, or changes the one with that client id. */
    registerApp: (app: Partial<AppRegistration> = {}): AppRegistration => {
      if (/xero/i.test(app.name ?? '')) throw new Error('An app’s name must not contain “Xero”.');
      const made: AppRegistration = {
        name: app.name ?? 'Tillbook rehearsal',
        clientId: app.clientId ?? randomUUID().replaceAll('-', '').toUpperCase(),
        clientSecret: app.clientSecret ?? randomUUID(),
        redirectUris: app.redirectUris ?? [],
      };
      world.apps = [...world.apps.filter(a => a.clientId !== made.clientId), made];
      return made;
    },
    /** Consent without the page: connects organisations (all when left out), returns tokens. */
    grant: ({
      clientId,
      scopes = DEFAULT_SCOPES,
      organisations,
    }: {
      clientId: string;
      scopes?: readonly string[];
      organisations?: readonly string[];
    }): Json => {
      const names = organisations ?? world.organisations.map(o => o.id);
      const ids = names.map(name => findOrganisation(world, name).id);
      return issueTokens(world, makeGrant(world, clientId, scopes, ids));
    },
    expireAccessTokens: (): void => {
      for (const token of world.accessTokens) token.expiresAt = world.now();
    },
    expireRefreshTokens: (): void => {
      for (const token of world.refreshTokens) token.expiresAt = world.now();
    },
    /** Somebody disconnects the app inside Xero. */
    disconnect: ({ organisation }: In = {}): void => {
      const { id } = findOrganisation(world, organisation);
      world.connections = world.connections.filter(c => c.organisationId !== id);
    },
    connections: (): { organisation: string; clientId: string }[] =>
      world.connections.map(c => ({
        organisation: findOrganisation(world, c.organisationId).key,
        clientId: c.clientId,
      })),
  };
}

function handControl(world: World) {
  const find = ({ organisation, document }: In & { document: string }) => {
    const o = findOrganisation(world, organisation);
    return { o, doc: hands.docNamed(o, document) };
  };
  const payment = ({ organisation, payment: id }: In & { payment: string }) => {
    const o = findOrganisation(world, organisation);
    const found = o.payments.find(
      p => p.id === id || (p.reference === id && p.status !== 'DELETED'),
    );
    if (found === undefined) throw new Error(`There is no payment "${id}".`);
    return { o, found };
  };
  return {
    /** A bookkeeper voids a document (number or id); payments are removed first unless told not to. */
    voidDocument: (what: In & { document: string; payments?: boolean }): void => {
      const { o, doc } = find(what);
      hands.voidDoc(world, o, doc, what.payments ?? true);
    },
    editDocument: (what: In & { document: string } & Edit): void => {
      const { o, doc } = find(what);
      hands.editDoc(world, o, doc, what);
    },
    /** By payment id or reference. */
    deletePayment: (what: In & { payment: string }): void => {
      const { o, found } = payment(what);
      hands.removeByHand(world, o, found);
    },
    reconcilePayment: (what: In & { payment: string; reconciled?: boolean }): void => {
      const { found } = payment(what);
      found.isReconciled = what.reconciled ?? true;
      found.updatedAt = world.now();
    },
  };
}

function troubleControl(world: World) {
  const matching = ({ method, path }: RequestFilter) =>
    world.requests.filter(
      r =>
        (method === undefined || r.method === method) &&
        (path === undefined || new RegExp(path).test(r.path)),
    );
  return {
    /** Spoils the next matching calls; see `Fault`. */
    fault: (fault: Fault): void => {
      world.faults.push({ ...fault });
    },
    clearFaults: (): void => {
      world.faults = [];
    },
    /** Every call to identity, connections and accounting, oldest first. */
    requests: (filter: RequestFilter = {}): RequestRecord[] => matching(filter),
    countRequests: (filter: RequestFilter = {}): number => matching(filter).length,
    clearRequests: (): void => {
      world.requests = [];
    },
  };
}
