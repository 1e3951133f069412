/** The form with Store, Organisation, Accounts for Products, Default Payment Account and Save. */
import type { FieldError } from '../call.ts';
import { type Choice, ChoiceField } from '../parts/fields.tsx';
import { Button, Form, useMay } from '../parts/page.tsx';
import { Card, Time } from '../parts/show.tsx';
import type { AllowedOrganisation, SettingsData } from '../settings-data.ts';
import { lineAccounts, paymentAccounts } from '../xero-choices.ts';

/** What stands in the four fields. */
export interface Picks {
  store: string;
  organisation: string;
  products: string;
  payment: string;
}

interface ChooseProps {
  data: SettingsData;
  picks: Picks;
  errors: FieldError[];
}

export function ChooseAccounts({ data, picks, errors }: ChooseProps) {
  const { organisations, stores } = data;
  const mayChange = useMay('bookkeeper');
  const payments = choicesOf(organisations, chart => paymentAccounts(chart));
  return (
    <Card title="Store and accounts" id="accounts">
      {stores.length === 0 ? (
        <p class="note warm">
          There is no store yet: <a href="/stores">add the first store</a>, then come back.
        </p>
      ) : null}
      <Form to="/settings">
        <Fields {...{ organisations, stores, picks, errors, payments }} />
        {payments.length === 0 ? <HowToMakeOne /> : null}
        {mayChange ? (
          <div class="bar">
            <Button name="Save" />
            <button type="submit" class="plain" formaction="/settings/refresh" formnovalidate>
              Refresh
            </button>
            <small>
              Refresh reads the accounts from Xero again. <ReadAt organisations={organisations} />
            </small>
          </div>
        ) : null}
      </Form>
      {payments.length === 0 ? null : (
        <details class="more">
          <summary>The payment account I want is not in the list</summary>
          <HowToMakeOne />
        </details>
      )}
    </Card>
  );
}

interface FieldsProps {
  organisations: SettingsData['organisations'];
  stores: SettingsData['stores'];
  picks: Picks;
  errors: FieldError[];
  payments: Choice[];
}

function Fields({ organisations, stores, picks, errors, payments }: FieldsProps) {
  return (
    <div class="fields pairs">
      <ChoiceField
        name="store"
        label="Store"
        choices={stores.map(({ id, name }) => ({ value: id, label: name }))}
        value={picks.store}
        empty="Choose…"
        required
        errors={errors}
      />
      <ChoiceField
        name="organisation"
        label="Organisation"
        choices={organisations.map(({ id, name }) => ({ value: id, label: name }))}
        value={picks.organisation}
        empty="Choose…"
        required
        errors={errors}
        hint="The Xero organisation that gets this store’s invoices."
      />
      <ChoiceField
        name="products"
        label="Accounts for Products"
        choices={choicesOf(organisations, chart => lineAccounts(chart))}
        value={picks.products}
        empty="Choose…"
        required
        dependsOn="organisation"
        errors={errors}
        hint="What was sold is booked here, unless a category says otherwise."
      />
      <ChoiceField
        name="payment"
        label="Default Payment Account"
        choices={payments}
        value={picks.payment}
        empty="Choose…"
        required
        dependsOn="organisation"
        errors={errors}
        hint="What was paid is booked here, unless a tender says otherwise."
      />
    </div>
  );
}

/** Of one organisation as they are; of several, each under its name. */
function choicesOf(
  organisations: readonly AllowedOrganisation[],
  read: (chart: NonNullable<AllowedOrganisation['chart']>) => Choice[],
): Choice[] {
  return organisations.flatMap(({ name, chart }) => {
    const choices = chart === undefined ? [] : read(chart);
    if (organisations.length < 2) return choices;
    return choices.map(choice => ({ ...choice, group: `${name}: ${choice.group}` }));
  });
}

function HowToMakeOne() {
  return (
    <div class="note warm">
      <p>
        <strong>Make a payment account in Xero:</strong> open <em>Accounting</em> →{' '}
        <em>Chart of accounts</em> → <em>Add account</em>, choose the type <em>Current Asset</em>,
        give it a code and a name such as “Till clearing”, tick{' '}
        <em>Enable payments to this account</em> and save.
      </p>
      <p>
        Then come back and press <strong>Refresh</strong>: it stands in the list under Default
        Payment Account.
      </p>
    </div>
  );
}

function ReadAt({ organisations }: { organisations: readonly AllowedOrganisation[] }) {
  const oldest = organisations.flatMap(({ chart }) => chart?.readAt ?? []).sort()[0];
  if (oldest === undefined) return <>They were not read yet.</>;
  return (
    <>
      Last read <Time at={oldest} />.
    </>
  );
}
