/** Who may sign in, their roles, invitations and links for a new password. */
import type { LinkRecord, Role, UserRecord } from '../../db/records.ts';
import type { TokenInfo } from '../api/tokens.ts';
import type { FieldError } from '../call.ts';
import { ChoiceField, Errors, TextField } from '../parts/fields.tsx';
import { Action, Button, Form, Page } from '../parts/page.tsx';
import { Card, Table, Time } from '../parts/show.tsx';
import { NewToken, TokensCard } from './tokens.tsx';

export const ROLES: { value: Role; label: string }[] = [
  { value: 'viewer', label: 'Viewer: sees everything, changes nothing' },
  { value: 'bookkeeper', label: 'Bookkeeper: maps accounts, posts and holds days' },
  { value: 'admin', label: 'Admin: also connects Xero, stores and users' },
];

export interface UsersProps {
  users: UserRecord[];
  invitations: LinkRecord[];
  /** A link that was just made: shown this once. */
  link: { for: string; url: string; expiresAt: string } | undefined;
  self: string;
  tokens: TokenInfo[];
  /** An API token that was just made: shown this once. */
  token: { name: string; token: string } | undefined;
  errors: FieldError[];
}

export function UsersPage(props: UsersProps) {
  const { users, invitations, link, self, errors, tokens, token } = props;
  return (
    <Page title="Users" lead="Everybody who may sign in here.">
      <Errors errors={errors} />
      {link === undefined ? null : <NewLink link={link} />}
      {token === undefined ? null : <NewToken token={token} />}
      <Card title="Users">
        <Table
          label="Users"
          columns={[{ name: 'Email' }, { name: 'Role' }, { name: 'Since' }, { name: 'Actions' }]}
          rows={users.map(user => [
            user.email,
            <RoleForm user={user} />,
            <Time at={user.createdAt} />,
            <UserActions user={user} isSelf={user.id === self} />,
          ])}
        />
      </Card>
      <Card title="Invite somebody">
        <Form to="/users/invite">
          <div class="fields">
            <TextField
              name="for"
              label="For whom"
              hint="A name or e-mail address, to remember whom the link is for."
              maxLength={120}
            />
            <ChoiceField name="role" label="Role" choices={ROLES} value="bookkeeper" />
          </div>
          <div class="bar">
            <Button name="Make invitation link" />
            <small>
              The link works once, for 7 days. Send it yourself.
              {invitations.length === 0 ? '' : ` ${invitations.length} not used yet.`}
            </small>
          </div>
        </Form>
      </Card>
      <TokensCard tokens={tokens} roles={ROLES} errors={errors} />
    </Page>
  );
}

function NewLink({ link }: { link: { for: string; url: string; expiresAt: string } }) {
  return (
    <div class="card">
      <h2>Link for {link.for}</h2>
      <p>Copy it now: it is not shown again. Whoever opens it first has it.</p>
      <code class="command">{link.url}</code>
      <small>
        Works once, until <Time at={link.expiresAt} />.
      </small>
    </div>
  );
}

function RoleForm({ user }: { user: UserRecord }) {
  return (
    <Form to={`/users/${user.id}/role`} class="inline">
      <label for={`role-${user.id}`} class="unseen">
        Role of {user.email}
      </label>
      <select id={`role-${user.id}`} name="role">
        {ROLES.map(role => (
          <option value={role.value} selected={role.value === user.role}>
            {role.value}
          </option>
        ))}
      </select>
      <Button name="Change" look="plain" about={`role of ${user.email}`} />
    </Form>
  );
}

function UserActions({ user, isSelf }: { user: UserRecord; isSelf: boolean }) {
  return (
    <div class="actions">
      <Action to={`/users/${user.id}/reset`} name="Password link" about={`for ${user.email}`} />
      {user.secondStep === undefined || isSelf ? null : (
        <Action
          to={`/users/${user.id}/second-step-off`}
          name="Second step off"
          about={`for ${user.email}`}
        />
      )}
      {isSelf ? null : (
        <Action to={`/users/${user.id}/remove`} name="Remove" about={user.email} look="danger" />
      )}
    </div>
  );
}
