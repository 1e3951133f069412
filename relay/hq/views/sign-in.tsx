/** The pages before somebody is signed in: sign-in, first set-up, invitation, new password. */
import type { FieldError } from '../call.ts';
import { Errors, TextField } from '../parts/fields.tsx';
import { Button, Form, Page } from '../parts/page.tsx';
import { PASSWORD_LENGTH_MIN } from '../people.ts';

interface SignInProps {
  email: string;
  /** Where to go afterwards. */
  next: string;
  errors: FieldError[];
}

export function SignInPage({ email, next, errors }: SignInProps) {
  return (
    <Page title="Sign in" narrow>
      <Errors errors={errors} />
      <Form to="/sign-in" class="alone">
        <input type="hidden" name="next" value={next} />
        <TextField
          name="email"
          label="Email"
          type="email"
          value={email}
          required
          autocomplete="username"
        />
        <TextField
          name="password"
          label="Password"
          type="password"
          required
          autocomplete="current-password"
        />
        <div class="bar">
          <Button name="Sign in" />
        </div>
        <small>Forgotten your password? An admin can make you a link to set a new one.</small>
      </Form>
    </Page>
  );
}

interface SetUpProps {
  code: string;
  email: string;
  errors: FieldError[];
}

export function SetUpPage({ code, email, errors }: SetUpProps) {
  return (
    <Page
      title="Set up Tillbook"
      lead="Make the first admin: the person who connects Xero and invites the others."
      narrow
    >
      <NewPasswordForm to="/setup" button="Create admin" {...{ code, email, errors }} />
    </Page>
  );
}

interface InviteProps extends SetUpProps {
  role: string;
}

export function InvitePage({ code, email, errors, role }: InviteProps) {
  return (
    <Page title="Welcome to Tillbook" lead={`You are invited as ${role}.`} narrow>
      <NewPasswordForm to="/invite" button="Create account" {...{ code, email, errors }} />
    </Page>
  );
}

export function ResetPage({ code, errors }: { code: string; errors: FieldError[] }) {
  return (
    <Page title="Set a new password" lead="All your sessions end when you save." narrow>
      <NewPasswordForm to="/reset" button="Save password" {...{ code, errors }} />
    </Page>
  );
}

interface NewPasswordProps {
  to: string;
  code: string;
  /** Absent where the user is known already. */
  email?: string;
  button: string;
  errors: FieldError[];
}

function NewPasswordForm({ to, code, email, button, errors }: NewPasswordProps) {
  return (
    <>
      <Errors errors={errors} />
      <Form to={to} class="alone">
        <input type="hidden" name="code" value={code} />
        {email === undefined ? null : (
          <TextField
            name="email"
            label="Email"
            type="email"
            value={email}
            required
            autocomplete="username"
            errors={errors}
          />
        )}
        <TextField
          name="password"
          label="Password"
          type="password"
          required
          autocomplete="new-password"
          hint={`At least ${PASSWORD_LENGTH_MIN} characters. A few words in a row are good.`}
          errors={errors}
        />
        <TextField
          name="repeat"
          label="Repeat password"
          type="password"
          required
          autocomplete="new-password"
          errors={errors}
        />
        <div class="bar">
          <Button name={button} />
        </div>
      </Form>
    </>
  );
}
