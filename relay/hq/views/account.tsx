/** One's own account: the role, another password, the end of all sessions. */
import type { UserRecord } from '../../db/records.ts';
import type { FieldError } from '../call.ts';
import { Errors, TextField } from '../parts/fields.tsx';
import { Action, Button, Form, Page } from '../parts/page.tsx';
import { Card, Facts, Time } from '../parts/show.tsx';
import { PASSWORD_LENGTH_MIN } from '../people.ts';
import { SecondStepCard, type SecondStepProps } from './second-step.tsx';

interface AccountProps {
  user: UserRecord;
  errors: FieldError[];
  fresh: SecondStepProps['fresh'];
}

export function AccountPage({ user, errors, fresh }: AccountProps) {
  return (
    <Page title="Your account">
      <Errors errors={errors} />
      <Card title="You">
        <Facts
          facts={[
            ['Email', user.email],
            ['Role', user.role],
            ['Since', <Time at={user.createdAt} />],
          ]}
        />
        <Action to="/account/sign-out-everywhere" name="Sign out everywhere" />
      </Card>
      <SecondStepCard isOn={user.secondStep !== undefined} fresh={fresh} errors={errors} />
      <Card title="Change password">
        <Form to="/account/password">
          <div class="fields">
            <TextField
              name="current"
              label="Current password"
              type="password"
              required
              autocomplete="current-password"
              errors={errors}
            />
            <TextField
              name="password"
              label="New password"
              type="password"
              required
              autocomplete="new-password"
              hint={`At least ${PASSWORD_LENGTH_MIN} characters.`}
              errors={errors}
            />
            <TextField
              name="repeat"
              label="Repeat new password"
              type="password"
              required
              autocomplete="new-password"
              errors={errors}
            />
          </div>
          <div class="bar">
            <Button name="Change password" />
            <small>All other sessions end.</small>
          </div>
        </Form>
      </Card>
    </Page>
  );
}
