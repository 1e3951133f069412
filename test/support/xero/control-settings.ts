/**
 * The control's calls on an organisation's settings: lock dates, accounts, tax rates, currencies,
 * tracking, contacts. They do at once what a bookkeeper would do on Xero's settings pages.
 */
import { randomUUID } from 'node:crypto';
import { findAccount } from './books.ts';
import { stableId } from './seeds.ts';
import type { AccountClass, IsoDate, Organisation } from './types.ts';
import { findOrganisation, type World } from './world.ts';

/** Names an organisation by key (`sg`), id or name; the first one when left out. */
export interface In {
  readonly organisation?: string;
}

const ALL_CLASSES: readonly AccountClass[] = ['ASSET', 'EQUITY', 'EXPENSE', 'LIABILITY', 'REVENUE'];

/** The calls, bound to one world. */
export function settingsControl(world: World) {
  return { ...accountControl(world), ...taxControl(world) };
}

function accountControl(world: World) {
  const org = (name?: string) => findOrganisation(world, name);
  const account = (organisation: Organisation, code: string) => {
    const found = findAccount(organisation, { code });
    if (found === undefined) throw new Error(`There is no account ${code}.`);
    found.updatedAt = world.now();
    return found;
  };
  return {
    /** `null` takes a lock date away. */
    setLockDates: ({
      organisation,
      period,
      endOfYear,
    }: In & { period?: IsoDate | null; endOfYear?: IsoDate | null }): void => {
      const o = org(organisation);
      if (period === null) delete o.periodLockDate;
      else if (period !== undefined) o.periodLockDate = period;
      if (endOfYear === null) delete o.endOfYearLockDate;
      else if (endOfYear !== undefined) o.endOfYearLockDate = endOfYear;
    },
    /** `outcome: 'warning'` drops the code from lines with a warning instead of an error. */
    archiveAccount: ({
      organisation,
      code,
      outcome = 'error',
    }: In & { code: string; outcome?: 'error' | 'warning' }): void => {
      Object.assign(account(org(organisation), code), {
        status: 'ARCHIVED',
        whenArchived: outcome,
      });
    },
    restoreAccount: ({ organisation, code }: In & { code: string }): void => {
      account(org(organisation), code).status = 'ACTIVE';
    },
    enablePayments: ({
      organisation,
      code,
      enabled,
    }: In & { code: string; enabled: boolean }): void => {
      account(org(organisation), code).enablePayments = enabled;
    },
    addAccount: ({
      organisation,
      code,
      name,
      type,
      taxType = 'NONE',
      enablePayments = false,
    }: In & {
      code: string;
      name: string;
      type: string;
      taxType?: string;
      enablePayments?: boolean;
    }): { id: string } => {
      const o = org(organisation);
      const id = stableId(`account ${o.key} ${code}`);
      const rest = { status: 'ACTIVE', whenArchived: 'error', updatedAt: world.now() } as const;
      o.accounts.push({ id, code, name, type, taxType, enablePayments, ...rest });
      return { id };
    },
  };
}

function taxControl(world: World) {
  const org = (name?: string) => findOrganisation(world, name);
  return {
    addTaxRate: ({
      organisation,
      taxType,
      name,
      percent,
    }: In & { taxType: string; name: string; percent: number }): void => {
      const rate = Math.round(percent * 10_000);
      const rest = { status: 'ACTIVE', reportTaxType: 'OUTPUT', appliesTo: ALL_CLASSES } as const;
      org(organisation).taxRates.push({ taxType, name, rate, ...rest });
    },
    setTaxRate: ({
      organisation,
      taxType,
      percent,
      status,
    }: In & {
      taxType: string;
      percent?: number;
      status?: 'ACTIVE' | 'ARCHIVED' | 'DELETED';
    }): void => {
      const found = org(organisation).taxRates.find(t => t.taxType === taxType);
      if (found === undefined) throw new Error(`There is no tax type ${taxType}.`);
      if (percent !== undefined) found.rate = Math.round(percent * 10_000);
      if (status !== undefined) found.status = status;
    },
    /** Changes the base currency (and that of its bank accounts). */
    setCurrency: ({ organisation, currency }: In & { currency: string }): void => {
      const o = org(organisation);
      o.baseCurrency = currency;
      o.currencies = [currency];
      for (const a of o.accounts) if (a.currency !== undefined) a.currency = currency;
    },
    addCurrency: ({ organisation, currency }: In & { currency: string }): void => {
      org(organisation).currencies.push(currency);
    },
    addTrackingOption: ({
      organisation,
      category,
      option,
    }: In & { category: string; option: string }): void => {
      const found = org(organisation).tracking.find(t => t.name === category);
      found?.options.push({ id: randomUUID(), name: option, status: 'ACTIVE' });
    },
    archiveTrackingOption: ({
      organisation,
      category,
      option,
    }: In & { category: string; option: string }): void => {
      const found = org(organisation).tracking.find(t => t.name === category);
      for (const o of found?.options ?? []) if (o.name === option) o.status = 'ARCHIVED';
    },
    archiveContact: ({ organisation, name }: In & { name: string }): void => {
      for (const c of org(organisation).contacts) if (c.name === name) c.status = 'ARCHIVED';
    },
  };
}
