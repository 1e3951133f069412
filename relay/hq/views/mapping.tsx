/**
 * All mappings of one store: where every name seen at the tills goes in Xero, what stands in for a
 * name without a choice, how the documents look; beside it today so far, as Xero will see it.
 */

import type { Reason } from '../../books/reasons.ts';
import type { StoreRecord } from '../../db/records.ts';
import type { MappedName } from '../mapping-names.ts';
import { ChoiceField, Errors } from '../parts/fields.tsx';
import { Button, Form, Page, useMay } from '../parts/page.tsx';
import { Card, Time } from '../parts/show.tsx';
import { accountId, lineAccounts, paymentAccounts } from '../xero-choices.ts';
import { PreviewCard } from './day-documents.tsx';
import { OptionsCard } from './mapping-options.tsx';
import type { MappingProps } from './mapping-props.ts';
import { NamesCards } from './mapping-rows.tsx';

export function MappingPage(props: MappingProps) {
  const { store, chart, names, today, others, errors, unsaved } = props;
  const mayChange = useMay('bookkeeper');
  const open = names.filter(name => name.state === 'unmapped');
  const to = `/mapping/${store.id}`;
  return (
    <Page
      title={`Mappings of ${store.name}`}
      lead={`Where each part of a day goes in ${chart.organisation.name}.`}
    >
      <Errors errors={errors} />
      {unsaved === undefined ? null : (
        <p class="note warm" role="status">
          {unsaved}
        </p>
      )}
      <NoLongerFits problems={store.books?.problems ?? []} />
      <Unmapped names={open} />
      <div class="split">
        <Form to={to}>
          <Defaults {...props} />
          <NamesCards {...props} />
          <OptionsCard {...props} />
          {mayChange ? <SaveBar to={to} readAt={chart.readAt} /> : null}
        </Form>
        <aside aria-label="Preview and copy">
          {today === undefined ? (
            <Card title="Today so far, as Xero will see it">
              <p class="faint">The shop has not told of an open day yet.</p>
            </Card>
          ) : (
            <PreviewCard
              preview={today}
              chart={chart}
              title="Today so far, as Xero will see it"
              compact
            />
          )}
          {mayChange && others.length > 0 ? <CopyCard to={to} others={others} /> : null}
        </aside>
      </div>
    </Page>
  );
}

/** Found at night: what was right at the last Save and is not any more. */
function NoLongerFits({ problems }: { problems: Reason[] }) {
  return problems.map(({ message, fix }) => (
    <p class="note warm">
      <strong>{message}</strong> {fix}
    </p>
  ));
}

function SaveBar({ to, readAt }: { to: string; readAt: string }) {
  return (
    <div class="card bar">
      <Button name="Save" />
      <button type="submit" class="plain" formaction={`${to}/preview`}>
        Preview without saving
      </button>
      <button type="submit" class="plain" formaction={`${to}/refresh`}>
        Refresh
      </button>
      <small>
        Counts from the next day that is posted. Accounts were read from Xero on{' '}
        <Time at={readAt} />.
      </small>
    </div>
  );
}

function Unmapped({ names }: { names: MappedName[] }) {
  if (names.length === 0) return null;
  const list = names.map(({ name }) => `“${name}”`).join(', ');
  const noun = names.length === 1 ? 'name is' : 'names are';
  return (
    <p class="note warm">
      <strong>
        {names.length} {noun} not mapped:
      </strong>{' '}
      {list}. Days with {names.length === 1 ? 'it' : 'them'} wait until you choose where{' '}
      {names.length === 1 ? 'it goes' : 'they go'}.
    </p>
  );
}

function Defaults({ mapping, chart, errors, store }: MappingProps) {
  return (
    <Card title="Defaults">
      <div class="fields pairs">
        <ChoiceField
          name="products"
          label="Accounts for Products"
          choices={lineAccounts(chart)}
          value={accountId(chart, mapping.products)}
          empty="Choose…"
          errors={errors}
        />
        <ChoiceField
          name="payment"
          label="Default Payment Account"
          choices={paymentAccounts(chart, store.currency)}
          value={accountId(chart, mapping.payment)}
          empty="Choose…"
          errors={errors}
        />
      </div>
    </Card>
  );
}

function CopyCard({ to, others }: { to: string; others: StoreRecord[] }) {
  return (
    <Card title="Copy from another store">
      <Form to={`${to}/copy`}>
        <ChoiceField
          name="from"
          label="Copy mappings of"
          choices={others.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <div class="bar">
          <Button name="Copy" look="plain" />
          <small>Fills in the form; nothing is saved yet.</small>
        </div>
      </Form>
    </Card>
  );
}
