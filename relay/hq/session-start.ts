/** Sessions begin here, always with a fresh id: one planted before the sign-in is worth nothing. */
import type { UserRecord } from '../db/records.ts';
import type { Call } from './call.ts';

export async function startSession(call: Call, user: UserRecord): Promise<void> {
  const session = await freshSession(call);
  session.user = user.id;
  session.signedInAt = new Date(call.now).toISOString();
}

/** The password was right, the code is still to come. */
export async function startHalfway(call: Call, user: UserRecord): Promise<void> {
  const session = await freshSession(call);
  session.halfway = { user: user.id, at: new Date(call.now).toISOString() };
}

async function freshSession({ req }: Call) {
  await new Promise<void>((resolve, reject) => {
    req.session.regenerate((error: unknown) => (error ? reject(error) : resolve()));
  });
  return req.session;
}
