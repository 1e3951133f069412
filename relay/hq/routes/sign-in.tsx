/**
 * Signing in and out, and the one-time links by which people come in or set a new password. A wrong
 * e-mail and a wrong password cost the same time and give the same answer.
 */
import { AppError } from '../../../protocol/errors.ts';
import { addAudit } from '../../db/audit.ts';
import { fieldErrors, show, showProblem } from '../answers.tsx';
import {
  type Call,
  type FieldError,
  field,
  goTo,
  query,
  rawField,
  type UserCall,
} from '../call.ts';
import { addUser, checkPassword, findUser, parseEmail, readLink, takeLink } from '../people.ts';
import { startSession } from '../session-start.ts';
import { sweepSessions } from '../sessions.ts';
import { InvitePage, ResetPage, SetUpPage, SignInPage } from '../views/sign-in.tsx';
import type { Route } from './route.ts';
import { enter } from './second-step.tsx';
import { signInLimits } from './throttle.ts';

/** The routes hold the counters of failed attempts: made once per relay. */
export function signInRoutes(): Route[] {
  const before = signInLimits();
  return [
    { method: 'get', path: '/sign-in', needs: 'nobody', run: showSignIn },
    { method: 'post', path: '/sign-in', needs: 'nobody', before, run: signIn },
    { method: 'post', path: '/sign-out', needs: 'viewer', run: signOut },
    { method: 'get', path: '/setup', needs: 'nobody', run: showSetUp },
    { method: 'post', path: '/setup', needs: 'nobody', before, run: setUp },
    { method: 'get', path: '/invite', needs: 'nobody', run: showInvite },
    { method: 'post', path: '/invite', needs: 'nobody', before, run: acceptInvite },
    { method: 'get', path: '/reset', needs: 'nobody', run: showReset },
    { method: 'post', path: '/reset', needs: 'nobody', before, run: resetPassword },
  ];
}

function showSignIn(call: Call): void {
  if (call.user !== undefined) call.res.redirect(303, '/days');
  else showSignInPage(call, '', query(call, 'next'), []);
}

function showSignInPage(call: Call, email: string, next: string, errors: FieldError[]): void {
  show(call, 'Sign in', <SignInPage {...{ email, next, errors }} />);
}

async function signIn(call: Call): Promise<void> {
  const { deps } = call;
  const email = field(call, 'email');
  const user = await findUser(deps.db, email);
  const stored = user?.password ?? (await decoy(call));
  const right = await deps.passwords.verify(rawField(call, 'password'), stored);
  if (user === undefined || !right) {
    deps.log.info({ event: 'sign-in-refused', address: call.req.ip }, 'sign-in refused');
    return showSignInPage(call, email, field(call, 'next'), [
      {
        message: 'Email or password is wrong.',
        fix: 'Check both and try again. An admin can make you a link to set a new password.',
      },
    ]);
  }
  await sweepSessions(deps.db, call.now);
  await enter(call, user, field(call, 'next'));
}

let decoyHash: Promise<string> | undefined;

/** Something to verify against when there is no such user: it takes as long. */
function decoy(call: Call): Promise<string> {
  decoyHash ??= call.deps.passwords.hash('nobody has this password');
  return decoyHash;
}

async function signOut(call: UserCall): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call.req.session.destroy((error: unknown) => (error ? reject(error) : resolve()));
  });
  call.res.redirect(303, '/sign-in');
}

async function showSetUp(call: Call): Promise<void> {
  const code = query(call, 'code');
  const link = await readLink(call.deps.db, 'setup', code, call.now);
  if (link === undefined) return showOver(call);
  show(call, 'Set up', <SetUpPage code={code} email="" errors={[]} />);
}

async function setUp(call: Call): Promise<void> {
  const code = field(call, 'code');
  const email = field(call, 'email');
  await join(call, 'setup', 'First admin made', errors =>
    show(call, 'Set up', <SetUpPage {...{ code, email, errors }} />),
  );
}

async function showInvite(call: Call): Promise<void> {
  const code = query(call, 'code');
  const link = await readLink(call.deps.db, 'invite', code, call.now);
  if (link === undefined) return showOver(call);
  show(call, 'Welcome', <InvitePage code={code} email="" errors={[]} role={link.role} />);
}

async function acceptInvite(call: Call): Promise<void> {
  const code = field(call, 'code');
  const email = field(call, 'email');
  const link = await readLink(call.deps.db, 'invite', code, call.now);
  if (link === undefined) return showOver(call);
  const { role } = link;
  await join(call, 'invite', 'Invitation accepted', errors =>
    show(call, 'Welcome', <InvitePage {...{ code, email, errors, role }} />),
  );
}

/** Makes the user of a link and signs them in. */
async function join(
  call: Call,
  kind: 'setup' | 'invite',
  what: string,
  showAgain: (errors: FieldError[]) => void,
): Promise<void> {
  const { db } = call.deps;
  const { now } = call;
  try {
    const email = parseEmail(field(call, 'email'));
    const password = await newPassword(call);
    const user = await db.write(async tx => {
      const { role } = await takeLink(tx, kind, field(call, 'code'), now);
      const added = await addUser(tx, { email, password, role, now });
      await addAudit(tx, now, { who: email, what, details: { role } });
      return added;
    });
    await startSession(call, user);
    await goTo(call, user.role === 'admin' ? '/settings' : '/days');
  } catch (error) {
    showAgain(fieldErrors(error));
  }
}

async function showReset(call: Call): Promise<void> {
  const code = query(call, 'code');
  const link = await readLink(call.deps.db, 'reset', code, call.now);
  if (link === undefined) return showOver(call);
  show(call, 'New password', <ResetPage code={code} errors={[]} />);
}

async function resetPassword(call: Call): Promise<void> {
  const { db } = call.deps;
  const code = field(call, 'code');
  try {
    const password = await newPassword(call);
    const user = await db.write(async tx => {
      const link = await takeLink(tx, 'reset', code, call.now);
      const found = await tx.get('users', link.user ?? '');
      if (found === undefined) throw new AppError('not-found', 'This user was removed.');
      const changed = { ...found, password, sessionsFrom: new Date(call.now).toISOString() };
      await tx.put('users', changed.id, changed);
      await addAudit(tx, call.now, { who: found.email, what: 'Password set by link' });
      return changed;
    });
    await enter(call, user, '/days');
  } catch (error) {
    show(call, 'New password', <ResetPage code={code} errors={fieldErrors(error)} />);
  }
}

/**
 * The form's new password, checked and hashed.
 * @throws AppError `bad-input` with the field in `path`
 */
export async function newPassword(call: Call): Promise<string> {
  const password = rawField(call, 'password');
  checkPassword(password);
  if (password !== rawField(call, 'repeat')) {
    throw new AppError('bad-input', 'The two passwords differ.', {
      path: 'repeat',
      hint: 'Type the same password twice.',
    });
  }
  return await call.deps.passwords.hash(password);
}

function showOver(call: Call): void {
  const fix = 'It was used already, or its time is over. Ask an admin for a new one.';
  showProblem(call, 404, 'This link does not work any more', fix);
}
