/** API tokens: with what HQ's own programs show who they are. */
import type { TokenInfo } from '../api/tokens.ts';
import type { FieldError } from '../call.ts';
import { ChoiceField, TextField } from '../parts/fields.tsx';
import { Action, Button, Form } from '../parts/page.tsx';
import { Card, Table, Time } from '../parts/show.tsx';

interface TokensProps {
  tokens: TokenInfo[];
  roles: { value: string; label: string }[];
  errors: FieldError[];
}

export function TokensCard({ tokens, roles, errors }: TokensProps) {
  return (
    <Card title="API tokens">
      <p>
        For your own programs: they read days and mappings, or change them, as far as the role of
        the token allows. <a href="/api/openapi.json">Description of the API</a>
      </p>
      <Table
        label="API tokens"
        columns={[{ name: 'Token name' }, { name: 'Role' }, { name: 'Made' }, { name: 'State' }]}
        rows={tokens.map(({ name, role, createdAt, revokedAt }) => [
          name,
          role,
          <Time at={createdAt} />,
          revokedAt === undefined ? (
            <Action to={`/users/tokens/${name}/revoke`} name="Revoke" about={name} look="danger" />
          ) : (
            <>
              revoked <Time at={revokedAt} />
            </>
          ),
        ])}
        empty="There is none yet."
      />
      <Form to="/users/tokens">
        <div class="fields">
          <TextField
            name="name"
            label="Name of the program"
            maxLength={64}
            hint="Letters, digits, dots and dashes, such as reporting."
            errors={errors}
          />
          <ChoiceField
            name="tokenRole"
            label="Role of the program"
            choices={roles}
            value="viewer"
          />
        </div>
        <div class="bar">
          <Button name="Make API token" look="plain" />
        </div>
      </Form>
    </Card>
  );
}

/** Shown once. */
export function NewToken({ token }: { token: { name: string; token: string } }) {
  return (
    <div class="card">
      <h2>API token {token.name}</h2>
      <p>Copy it now: it is not shown again.</p>
      <code class="command">{token.token}</code>
    </div>
  );
}
