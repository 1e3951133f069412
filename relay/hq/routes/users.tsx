/** Admins invite, change roles, make password links and remove users; one admin always remains. */
import { AppError } from '../../../protocol/errors.ts';
import { addAudit } from '../../db/audit.ts';
import type { Writer } from '../../db/db.ts';
import type { Role, UserRecord } from '../../db/records.ts';
import { fieldErrors, show } from '../answers.tsx';
import { addApiToken, listApiTokens, revokeApiToken } from '../api/tokens.ts';
import { type FieldError, field, goTo, part, type UserCall } from '../call.ts';
import { dropLinks, makeLink } from '../people.ts';
import { ROLES, UsersPage } from '../views/users.tsx';
import type { Route } from './route.ts';

export function userRoutes(): Route[] {
  return [
    { method: 'get', path: '/users', needs: 'admin', run: call => showUsers(call, []) },
    { method: 'post', path: '/users/invite', needs: 'admin', run: invite },
    { method: 'post', path: '/users/:user/role', needs: 'admin', run: orShow(changeRole) },
    { method: 'post', path: '/users/:user/reset', needs: 'admin', run: orShow(makeResetLink) },
    { method: 'post', path: '/users/tokens', needs: 'admin', run: orShow(makeToken) },
    {
      method: 'post',
      path: '/users/tokens/:name/revoke',
      needs: 'admin',
      run: orShow(revokeToken),
    },
    {
      method: 'post',
      path: '/users/:user/second-step-off',
      needs: 'admin',
      run: orShow(secondStepOff),
    },
    { method: 'post', path: '/users/:user/remove', needs: 'admin', run: orShow(remove) },
  ];
}

function orShow(run: (call: UserCall) => Promise<void>): (call: UserCall) => Promise<void> {
  return async call => {
    try {
      await run(call);
    } catch (error) {
      await showUsers(call, fieldErrors(error));
    }
  };
}

async function showUsers(call: UserCall, errors: FieldError[]): Promise<void> {
  const { db } = call.deps;
  const users = (await db.list('users')).map(row => row.value);
  users.sort((a, b) => (a.email < b.email ? -1 : 1));
  const links = (await db.list('links')).map(row => row.value);
  const invitations = links.filter(
    link => link.kind === 'invite' && Date.parse(link.expiresAt) > call.now,
  );
  const { link, token } = call.req.session;
  delete call.req.session.link;
  delete call.req.session.token;
  const tokens = await listApiTokens(db);
  const props = { tokens, token, users, invitations, link, errors, self: call.user.id };
  show(call, 'Users', <UsersPage {...props} />);
}

async function invite(call: UserCall): Promise<void> {
  const role = parseRole(field(call, 'role'));
  const name = field(call, 'for').slice(0, 120) || `a new ${role}`;
  const { code, expiresAt } = await call.deps.db.write(async tx => {
    const details = { for: name, role };
    await addAudit(tx, call.now, { who: call.user.email, what: 'Invitation made', details });
    return await makeLink(tx, { kind: 'invite', role }, call.now);
  });
  const url = `${call.deps.publicUrl}/invite?code=${code}`;
  call.req.session.link = { for: name, url, expiresAt };
  await goTo(call, '/users', 'The invitation link is ready.');
}

async function changeRole(call: UserCall): Promise<void> {
  const role = parseRole(field(call, 'role'));
  const { email } = await changeUser(call, async (tx, user) => {
    if (role !== 'admin') await keepOneAdmin(tx, user);
    await tx.put('users', user.id, { ...user, role });
    const details = { user: user.email, from: user.role, to: role };
    await addAudit(tx, call.now, { who: call.user.email, what: 'Role changed', details });
  });
  await goTo(call, '/users', `${email} is ${role} now.`);
}

async function makeResetLink(call: UserCall): Promise<void> {
  let code = '';
  let expiresAt = '';
  const { email } = await changeUser(call, async (tx, user) => {
    await dropLinks(tx, 'reset', user.id);
    const link = { kind: 'reset', role: user.role, user: user.id } as const;
    ({ code, expiresAt } = await makeLink(tx, link, call.now));
    const details = { user: user.email };
    await addAudit(tx, call.now, { who: call.user.email, what: 'Password link made', details });
  });
  const url = `${call.deps.publicUrl}/reset?code=${code}`;
  call.req.session.link = { for: email, url, expiresAt };
  await goTo(call, '/users', 'The link to set a new password is ready.');
}

async function makeToken(call: UserCall): Promise<void> {
  const { db, now } = call.deps;
  const role = parseRole(field(call, 'tokenRole'));
  const input = { name: field(call, 'name'), role, who: call.user.email };
  call.req.session.token = await addApiToken(db, now, input);
  await goTo(call, '/users', 'The API token is ready.');
}

async function revokeToken(call: UserCall): Promise<void> {
  const { db, now } = call.deps;
  const { name } = await revokeApiToken(db, now, part(call, 'name'), call.user.email);
  await goTo(call, '/users', `The API token ${name} is good for nothing now.`);
}

/** For somebody who lost the telephone. */
async function secondStepOff(call: UserCall): Promise<void> {
  const { email } = await changeUser(call, async (tx, { secondStep: _, ...user }) => {
    await tx.put('users', user.id, user);
    const details = { user: user.email };
    await addAudit(tx, call.now, { who: call.user.email, what: 'Second step turned off', details });
  });
  await goTo(call, '/users', `${email} signs in with the password alone.`);
}

async function remove(call: UserCall): Promise<void> {
  const { email } = await changeUser(call, async (tx, user) => {
    await keepOneAdmin(tx, user);
    await dropLinks(tx, 'reset', user.id);
    await tx.remove('users', user.id);
    const details = { user: user.email, role: user.role };
    await addAudit(tx, call.now, { who: call.user.email, what: 'User removed', details });
  });
  await goTo(call, '/users', `${email} can no longer sign in.`);
}

async function changeUser(
  call: UserCall,
  change: (tx: Writer, user: UserRecord) => Promise<void>,
): Promise<UserRecord> {
  return await call.deps.db.write(async tx => {
    const user = await tx.get('users', part(call, 'user'));
    if (user === undefined) throw new AppError('not-found', 'There is no such user any more.');
    await change(tx, user);
    return user;
  });
}

async function keepOneAdmin(tx: Writer, user: UserRecord): Promise<void> {
  const admins = (await tx.list('users')).filter(row => row.value.role === 'admin');
  if (admins.some(row => row.key !== user.id)) return;
  throw new AppError('not-allowed', 'The last admin stays an admin.', {
    hint: 'Make somebody else an admin first.',
  });
}

function parseRole(text: string): Role {
  const role = ROLES.find(candidate => candidate.value === text)?.value;
  if (role !== undefined) return role;
  throw new AppError('bad-input', 'There is no such role.', { path: 'role' });
}
