/** What a user does to their own account. */
import { AppError } from '../../../protocol/errors.ts';
import { addAudit } from '../../db/audit.ts';
import { fieldErrors } from '../answers.tsx';
import { goTo, rawField, type UserCall } from '../call.ts';
import { startSession } from '../session-start.ts';
import type { Route } from './route.ts';
import { showAccount } from './show-account.tsx';
import { newPassword } from './sign-in.tsx';

export function accountRoutes(): Route[] {
  return [
    { method: 'get', path: '/account', needs: 'viewer', run: call => showAccount(call) },
    { method: 'post', path: '/account/password', needs: 'viewer', run: changePassword },
    {
      method: 'post',
      path: '/account/sign-out-everywhere',
      needs: 'viewer',
      run: signOutEverywhere,
    },
  ];
}

async function changePassword(call: UserCall): Promise<void> {
  try {
    await checkCurrent(call);
    await endSessions(call, 'Password changed', await newPassword(call));
    await goTo(call, '/account', 'Your password is changed. All other sessions have ended.');
  } catch (error) {
    showAccount(call, fieldErrors(error));
  }
}

async function signOutEverywhere(call: UserCall): Promise<void> {
  await endSessions(call, 'Signed out everywhere');
  await goTo(call, '/account', 'All your other sessions have ended.');
}

async function checkCurrent(call: UserCall): Promise<void> {
  const { passwords } = call.deps;
  if (await passwords.verify(rawField(call, 'current'), call.user.password)) return;
  throw new AppError('bad-input', 'The current password is wrong.', {
    path: 'current',
    hint: 'Type the password with which you signed in.',
  });
}

/** All sessions end; this browser gets a new one. */
async function endSessions(call: UserCall, what: string, password?: string): Promise<void> {
  const { now, deps } = call;
  const user = await deps.db.write(async tx => {
    const found = (await tx.get('users', call.user.id)) ?? call.user;
    const changed = {
      ...found,
      sessionsFrom: new Date(now).toISOString(),
      ...(password === undefined ? {} : { password }),
    };
    await tx.put('users', changed.id, changed);
    await addAudit(tx, now, { who: changed.email, what });
    return changed;
  });
  await startSession(call, user);
}
