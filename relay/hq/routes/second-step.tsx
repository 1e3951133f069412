/**
 * Turning the second step on and off, and the code after the password. Between the two the session
 * knows only who is half-way in: it opens no page.
 */
import { AppError } from '../../../protocol/errors.ts';
import { addAudit } from '../../db/audit.ts';
import type { UserRecord } from '../../db/records.ts';
import { fieldErrors, show } from '../answers.tsx';
import { type Call, field, goTo, query, rawField, type UserCall } from '../call.ts';
import { makeSecret, sealSecret, stepOf, takeCode } from '../second-step.ts';
import { startHalfway, startSession } from '../session-start.ts';
import { CodePage } from '../views/second-step.tsx';
import type { Route } from './route.ts';
import { safeNext } from './safe-next.ts';
import { showAccount } from './show-account.tsx';
import { signInLimits } from './throttle.ts';

const HALFWAY_MS = 5 * 60_000;

export function secondStepRoutes(): Route[] {
  const path = '/account/second-step';
  const before = signInLimits();
  return [
    { method: 'get', path: '/sign-in/code', needs: 'nobody', run: showCode },
    { method: 'post', path: '/sign-in/code', needs: 'nobody', before, run: enterCode },
    { method: 'post', path: `${path}/begin`, needs: 'viewer', run: begin },
    { method: 'post', path: `${path}/on`, needs: 'viewer', run: orShow(turnOn) },
    { method: 'post', path: `${path}/off`, needs: 'viewer', run: orShow(turnOff) },
  ];
}

/** Lets a user in whose password was right; asks for the code first where there is one. */
export async function enter(call: Call, user: UserRecord, next: string): Promise<void> {
  if (user.secondStep === undefined) {
    await startSession(call, user);
    return await goTo(call, safeNext(next));
  }
  await startHalfway(call, user);
  await goTo(call, `/sign-in/code?next=${encodeURIComponent(safeNext(next))}`);
}

function showCode(call: Call): void {
  show(call, 'Second step', <CodePage errors={[]} next={query(call, 'next')} />);
}

async function enterCode(call: Call): Promise<void> {
  const { halfway } = call.req.session;
  const { db, seal } = call.deps;
  if (halfway === undefined || Date.parse(halfway.at) + HALFWAY_MS < call.now) {
    return call.res.redirect(303, '/sign-in');
  }
  const user = await db.write(async tx => {
    const found = await tx.get('users', halfway.user);
    const right = found && (await takeCode(tx, seal, found, field(call, 'code'), call.now));
    return right ? found : undefined;
  });
  if (user === undefined) {
    const message = 'This is not the code of now. Each code works once.';
    const fix = 'Wait for the next one; check that the clock of your telephone is right.';
    const errors = [{ field: 'code', message, fix }];
    return show(call, 'Second step', <CodePage errors={errors} next={field(call, 'next')} />);
  }
  await startSession(call, user);
  await goTo(call, safeNext(field(call, 'next')));
}

function orShow(run: (call: UserCall) => Promise<void>): (call: UserCall) => Promise<void> {
  return async call => {
    try {
      await run(call);
    } catch (error) {
      showAccount(call, fieldErrors(error));
    }
  };
}

async function begin(call: UserCall): Promise<void> {
  call.req.session.freshSecret = sealSecret(call.deps.seal, call.user.id, makeSecret());
  await goTo(call, '/account');
}

async function turnOn(call: UserCall): Promise<void> {
  const { session } = call.req;
  const { seal } = call.deps;
  const { user, now } = call;
  const sealed = session.freshSecret;
  if (sealed === undefined) return await goTo(call, '/account');
  const secret = seal.open(sealed, `users/${user.id}/second-step`);
  const lastStep = stepOf(secret, field(call, 'code'), now);
  if (lastStep === undefined) {
    throw new AppError('bad-input', 'This is not the code of now.', {
      path: 'code',
      hint: 'Type the six digits that the app shows; check the clock of your telephone.',
    });
  }
  await change(call, 'Second step turned on', { secret: sealed, lastStep });
  delete session.freshSecret;
  await goTo(call, '/account', 'The second step is on.');
}

async function turnOff(call: UserCall): Promise<void> {
  const { passwords } = call.deps;
  if (!(await passwords.verify(rawField(call, 'offPassword'), call.user.password))) {
    throw new AppError('bad-input', 'The password is wrong.', { path: 'offPassword' });
  }
  await change(call, 'Second step turned off', undefined);
  await goTo(call, '/account', 'The second step is off.');
}

async function change(
  call: UserCall,
  what: string,
  secondStep: UserRecord['secondStep'],
): Promise<void> {
  await call.deps.db.write(async tx => {
    const { secondStep: _, ...user } = (await tx.get('users', call.user.id)) ?? call.user;
    await tx.put('users', user.id, secondStep === undefined ? user : { ...user, secondStep });
    await addAudit(tx, call.now, { who: user.email, what });
  });
}
