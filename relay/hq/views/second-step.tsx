/** The code that is asked for after the password, and the card that turns the second step on. */
import { renderSVG } from 'uqr';
import type { FieldError } from '../call.ts';
import { Errors, TextField } from '../parts/fields.tsx';
import { Action, Button, Form, Page } from '../parts/page.tsx';
import { Card } from '../parts/show.tsx';

export function CodePage({ errors, next }: { errors: FieldError[]; next: string }) {
  return (
    <Page title="Second step" lead="Type the code that your authenticator app shows now." narrow>
      <Errors errors={errors} />
      <Form to="/sign-in/code" class="alone">
        <input type="hidden" name="next" value={next} />
        <TextField
          name="code"
          label="Code"
          required
          autocomplete="one-time-code"
          maxLength={10}
          errors={errors}
        />
        <div class="bar">
          <Button name="Sign in" />
        </div>
        <small>Lost your telephone? An admin can turn the second step off for you.</small>
      </Form>
    </Page>
  );
}

export interface SecondStepProps {
  isOn: boolean;
  /** Being set up: the secret and what the QR code holds. */
  fresh: { secret: string; address: string } | undefined;
  errors: FieldError[];
}

export function SecondStepCard({ isOn, fresh, errors }: SecondStepProps) {
  if (isOn) {
    return (
      <Card title="Second step">
        <p>On: after the password, the sign-in asks for a code of your authenticator app.</p>
        <Form to="/account/second-step/off">
          <div class="fields">
            <TextField
              name="offPassword"
              label="Your password, to turn it off"
              type="password"
              autocomplete="current-password"
              errors={errors}
            />
          </div>
          <div class="bar">
            <Button name="Turn off" look="danger" />
          </div>
        </Form>
      </Card>
    );
  }
  return (
    <Card title="Second step">
      {fresh === undefined ? (
        <>
          <p>With an authenticator app on your telephone, a stolen password alone opens nothing.</p>
          <Action to="/account/second-step/begin" name="Set up" />
        </>
      ) : (
        <SetUp fresh={fresh} errors={errors} />
      )}
    </Card>
  );
}

interface SetUpProps {
  fresh: { secret: string; address: string };
  errors: FieldError[];
}

function SetUp({ fresh, errors }: SetUpProps) {
  const svg = renderSVG(fresh.address, { ecc: 'M', border: 2 });
  return (
    <div class="beside">
      <div>
        <p>
          Scan the QR code with your authenticator app, or type this key into it:{' '}
          <code>{fresh.secret}</code>
        </p>
        <Form to="/account/second-step/on">
          <div class="fields">
            <TextField
              name="code"
              label="Code that the app shows now"
              autocomplete="one-time-code"
              maxLength={10}
              errors={errors}
            />
          </div>
          <div class="bar">
            <Button name="Turn on" />
          </div>
        </Form>
      </div>
      <div
        class="qr"
        role="img"
        aria-label="QR code for the authenticator app"
        dangerouslySetInnerHTML={{ __html: svg }}
      />
    </div>
  );
}
