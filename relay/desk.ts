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
import { listDays, listStores } from './hq/api/day-rows.ts';
import { daysQuerySchema } from './hq/api/schemas.ts';
import { addApiToken, listApiTokens, ROLES, revokeApiToken } from './hq/api/tokens.ts';
import { hashPassword } from './hq/passwords.ts';
import { addUser, checkPassword, parseEmail } from './hq/people.ts';
import type { StoreDesk } from './inbox/stores.ts';

/** Who did it, in the audit log. */
const WHO = 'command line';

export interface DeskDeps {
  db: Db;
  clock: Clock;
  stores: StoreDesk;
}

const roleSchema = z.enum(ROLES);
const idSchema = z.object({ id: z.string() });
const tokenSchema = z.object({ name: z.string(), role: roleSchema });
const nameSchema = z.object({ name: z.string() });
const adminSchema = z.object({ email: z.string(), password: z.string() });
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
    'store add': take(storeSchema, async args => {
      const { id } = await stores.add(args, WHO);
      return { id, ...(await stores.makeCode(id, WHO)) };
    }),
    'store list': () => listStores(db),
    'store code': take(idSchema, async ({ id }) => ({ id, ...(await stores.makeCode(id, WHO)) })),
    'store revoke': take(idSchema, ({ id }) => stores.revoke(id, WHO)),
    'store key': take(idSchema, ({ id }) => stores.keys(id)),
    days: take(daysQuerySchema, range => listDays(db, range)),
  };
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

/** Arguments come over a socket: they are checked like any other input. */
function take<Input>(schema: z.ZodType<Input>, run: (input: Input) => Promise<unknown>) {
  return async (args: unknown): Promise<unknown> => {
    const parsed = parseWith(schema, args, 'the command');
    if (parsed.ok) return await run(parsed.data);
    throw new AppError('bad-input', parsed.message, { path: parsed.path });
  };
}
