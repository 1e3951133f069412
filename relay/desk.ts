/**
 * What an operator may do from the command line, as functions of plain data: the same whether the
 * running relay does it or a command while the relay is down.
 */
import { z } from 'zod';
import { AppError } from '../protocol/errors.ts';
import type { ControlHandlers } from '../protocol/host/control-socket.ts';
import { parseWith } from '../protocol/schema-words.ts';
import type { Clock } from './clock.ts';
import { addAudit } from './db/audit.ts';
import type { Db } from './db/db.ts';
import { exportTo } from './db/transfer.ts';
import { listDays, listStores } from './hq/api/day-rows.ts';
import { daysQuerySchema } from './hq/api/schemas.ts';
import { addApiToken, listApiTokens, ROLES, revokeApiToken } from './hq/api/tokens.ts';
import { hashPassword } from './hq/passwords.ts';
import { addUser, checkPassword, dropLinks, findUser, parseEmail } from './hq/people.ts';
import type { StoreDesk } from './inbox/stores.ts';

/** Who did it, in the audit log. */
const WHO = 'command line';

export interface DeskDeps {
  db: Db;
  clock: Clock;
  stores: StoreDesk;
  /** This process alone changes the database: the embedded one. */
  isAlone?: boolean;
}

const roleSchema = z.enum(ROLES);
const idSchema = z.object({ id: z.string() });
const tokenSchema = z.object({ name: z.string(), role: roleSchema });
const nameSchema = z.object({ name: z.string() });
const adminSchema = z.object({ email: z.string(), password: z.string() });
const resetSchema = adminSchema.extend({ secondStepOff: z.boolean().default(false) });
const pathSchema = z.object({ path: z.string().min(1) });
const storeSchema = z.object({
  name: z.string(),
  timezone: z.string(),
  currency: z.string(),
  cutOver: z.string(),
});
export function deskHandlers(deps: DeskDeps): ControlHandlers {
  const { db, clock, stores } = deps;
  return {
    'token add': take(tokenSchema, args => addApiToken(db, clock, { ...args, who: WHO })),
    'token list': () => listApiTokens(db),
    'token revoke': take(nameSchema, ({ name }) => revokeApiToken(db, clock, name, WHO)),
    'admin add': take(adminSchema, args => addAdmin(deps, args)),
    'admin reset': take(resetSchema, args => resetUser(deps, args)),
    'store add': take(storeSchema, async args => {
      const { id } = await stores.add(args, WHO);
      return { id, ...(await stores.makeCode(id, WHO)) };
    }),
    'store list': () => listStores(db),
    'store code': take(idSchema, async ({ id }) => ({ id, ...(await stores.makeCode(id, WHO)) })),
    'store revoke': take(idSchema, ({ id }) => stores.revoke(id, WHO)),
    'store key': take(idSchema, ({ id }) => stores.keys(id)),
    days: take(daysQuerySchema, async range => {
      const currencies = new Map((await listStores(db)).map(row => [row.id, row.currency]));
      const rows = await listDays(db, range);
      return rows.map(row => ({ ...row, currency: currencies.get(row.store) }));
    }),
    export: take(pathSchema, args => exportRunning(deps, args.path)),
  };
}

/** Within a transaction, for which all others wait: the file holds one instant. */
async function exportRunning({ db, isAlone }: DeskDeps, path: string): Promise<unknown> {
  if (isAlone !== true) {
    throw new AppError('conflict', 'relays are at work on this database', {
      hint: 'back up a running PostgreSQL with pg_dump; for an export stop all relays',
    });
  }
  return { tables: await db.write(tx => exportTo(tx, path)) };
}

async function addAdmin(
  { db, clock }: DeskDeps,
  input: { email: string; password: string },
): Promise<{ email: string }> {
  const email = parseEmail(input.email);
  checkPassword(input.password);
  const password = await hashPassword(input.password);
  return await db.write(async tx => {
    await addUser(tx, { email, password, role: 'admin', now: clock() });
    await addAudit(tx, clock(), { who: WHO, what: 'Admin added', details: { email } });
    return { email };
  });
}

/** For who lost password or phone: whoever may type this owns the relay's machine anyway. */
async function resetUser(
  { db, clock }: DeskDeps,
  input: { email: string; password: string; secondStepOff: boolean },
): Promise<{ email: string; secondStep: 'on' | 'off' }> {
  const email = parseEmail(input.email);
  checkPassword(input.password);
  const password = await hashPassword(input.password);
  return await db.write(async tx => {
    const user = await findUser(tx, email);
    if (user === undefined) {
      throw new AppError('not-found', `there is no user ${email}`, {
        hint: 'make a new admin: tillbook-relay admin add EMAIL',
      });
    }
    const { secondStep, ...rest } = user;
    const kept = secondStep === undefined || input.secondStepOff ? {} : { secondStep };
    const now = clock();
    const sessionsFrom = new Date(now).toISOString();
    await tx.put('users', user.id, { ...rest, ...kept, password, sessionsFrom });
    await dropLinks(tx, 'reset', user.id);
    const details = { email, secondStepOff: input.secondStepOff };
    await addAudit(tx, now, { who: WHO, what: 'Password reset', details });
    return { email, secondStep: 'secondStep' in kept ? 'on' : 'off' };
  });
}

/** Arguments come over a socket: they are checked like any other input. */
function take<Input>(schema: z.ZodType<Input>, run: (input: Input) => Promise<unknown>) {
  return async (args: unknown): Promise<unknown> => {
    const parsed = parseWith(schema, args, 'the command');
    if (parsed.ok) return await run(parsed.data);
    throw new AppError('bad-input', parsed.message, { path: parsed.path });
  };
}
