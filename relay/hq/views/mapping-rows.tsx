/** The names seen at the tills, kind by kind, each with its choice; the last row takes a new name. */
import type { ComponentChildren } from 'preact';
import { isMoneyless } from '../../books/accounts.ts';
import { ownValue } from '../../books/chart-lookup.ts';
import type { Mapping } from '../../books/mapping.ts';
import type { Chart } from '../../xero/chart.ts';
import { type RowKind, tenderChoice, trackingChoice } from '../mapping-form.ts';
import type { MappedName } from '../mapping-names.ts';
import { CellChoice, type Choice } from '../parts/fields.tsx';
import { Badge, Card, Table } from '../parts/show.tsx';
import { accountOf } from '../settings-data.ts';
import {
  accountId,
  accountName,
  lineAccounts,
  paymentAccounts,
  taxRates,
  trackingOptions,
} from '../xero-choices.ts';
import type { MappingProps } from './mapping-props.ts';

export function NamesCards({ mapping, chart, names, store }: MappingProps) {
  const of = (kind: MappedName['kind']) => names.filter(name => name.kind === kind);
  const accounts = lineAccounts(chart);
  const shared = { mapping, chart };
  return (
    <>
      <TendersCard {...shared} names={of('tender')} currency={store.currency} />
      <CategoriesCard {...shared} names={of('category')} accounts={accounts} />
      <TaxesCard {...shared} names={of('tax-code')} />
      <KindsCard {...shared} names={of('line-kind')} />
      <CashCard {...shared} names={of('cash-reason')} accounts={accounts} />
    </>
  );
}

interface CardProps {
  mapping: Mapping;
  chart: Chart;
  names: MappedName[];
}

function TendersCard({ mapping, chart, names, currency }: CardProps & { currency: string }) {
  const choices = [
    ...withPrefix('payment', paymentAccounts(chart, currency), 'Paid into: '),
    ...withPrefix('line', lineAccounts(chart, 'LIABILITY'), 'No money came in, booked on: '),
  ];
  return (
    <Card title="Tenders">
      <p class="faint">
        Ways of paying. Gift cards redeemed, deposits used and sales on account bring no money in:
        they go to a liability or current asset account.
      </p>
      <NameTable
        kind="tenders"
        noun="Tender"
        names={names}
        chart={chart}
        newName
        choice={(name, field, label) => (
          <CellChoice
            name={field}
            label={label}
            choices={choices}
            value={withId(chart, tenderChoice(ownValue(mapping.tenders, name)))}
            empty={emptyText(chart, name === '' || isMoneyless(name) ? undefined : mapping.payment)}
          />
        )}
      />
    </Card>
  );
}

/** `payment 620` as the list has it: `payment <id>`. */
function withId(chart: Chart, choice: string): string {
  const [by = '', account] = choice.split(' ');
  return account === undefined ? choice : `${by} ${accountId(chart, account)}`;
}

function withPrefix(by: string, choices: Choice[], heading: string): Choice[] {
  return choices.map(choice => ({
    ...choice,
    value: `${by} ${choice.value}`,
    group: `${heading}${choice.group ?? ''}`,
  }));
}

interface CategoriesProps extends CardProps {
  accounts: Choice[];
}

function CategoriesCard({ mapping, chart, names, accounts }: CategoriesProps) {
  const options = trackingOptions(chart);
  const own = (name: string) => ownValue(mapping.categories, name);
  return (
    <Card title="Categories">
      <NameTable
        kind="categories"
        noun="Category"
        names={names}
        chart={chart}
        newName
        choice={(name, field, label) => (
          <CellChoice
            name={field}
            label={label}
            choices={accounts}
            value={accountId(chart, own(name)?.account)}
            empty={emptyText(chart, mapping.products)}
          />
        )}
        extra={
          options.length === 0
            ? undefined
            : {
                title: 'Tracking',
                cell: (name, index) => (
                  <CellChoice
                    name={`categories.${index}.tracking`}
                    label={`Tracking of ${name || 'the new category'}`}
                    choices={options}
                    value={trackingChoice(own(name)?.tracking?.[0])}
                    empty="As the store"
                  />
                ),
              }
        }
      />
    </Card>
  );
}

function TaxesCard({ mapping, chart, names }: CardProps) {
  const rates = taxRates(chart);
  const standard = accountOf(chart, mapping.products)?.taxType;
  const fallback = rates.find(rate => rate.value === standard)?.label;
  return (
    <Card title="Tax codes">
      <NameTable
        kind="taxes"
        noun="Tax code"
        names={names}
        chart={chart}
        newName
        choice={(name, field, label) => (
          <CellChoice
            name={field}
            label={label}
            choices={rates}
            value={ownValue(mapping.taxes, name) ?? ''}
            empty={fallback === undefined ? 'Choose…' : `If it fits: ${fallback}`}
          />
        )}
      />
    </Card>
  );
}

const KIND_NAMES: Record<string, string> = {
  item: 'Items without a category',
  tip: 'Tips',
  'service-charge': 'Service charge',
  surcharge: 'Surcharge',
  'gift-card': 'Gift cards sold',
  deposit: 'Deposits taken',
  'account-payment': 'Payments on account',
};

function KindsCard({ mapping, chart, names }: CardProps) {
  const seen = new Map(names.map(name => [name.name, name]));
  const kinds = Object.keys(KIND_NAMES) as (keyof Mapping['kinds'])[];
  const rows = kinds.map(
    (name): MappedName =>
      seen.get(name) ?? { kind: 'line-kind', name, state: 'fallback', seen: false },
  );
  const owed = ['gift-card', 'deposit', 'account-payment', 'tip'];
  const products = ['item', 'service-charge', 'surcharge'];
  return (
    <Card title="Kinds of lines">
      <NameTable
        kind="kinds"
        noun="Kind"
        names={rows}
        chart={chart}
        show={name => KIND_NAMES[name] ?? name}
        choice={(name, field, label) => (
          <CellChoice
            name={field}
            label={label}
            choices={lineAccounts(chart, owed.includes(name) ? 'LIABILITY' : 'REVENUE')}
            value={accountId(chart, mapping.kinds[name as keyof Mapping['kinds']])}
            empty={emptyText(chart, products.includes(name) ? mapping.products : undefined)}
          />
        )}
      />
    </Card>
  );
}

function CashCard({ mapping, chart, names, accounts }: CategoriesProps) {
  return (
    <Card title="Cash put in and taken out">
      <NameTable
        kind="cash"
        noun="Reason"
        names={names}
        chart={chart}
        newName
        choice={(name, field, label) => (
          <CellChoice
            name={field}
            label={label}
            choices={accounts}
            value={accountId(chart, ownValue(mapping.cash, name))}
            empty={emptyText(chart, mapping.cashOther)}
          />
        )}
      />
    </Card>
  );
}

/** What stands in when nothing is chosen. */
function emptyText(chart: Chart, fallback: string | undefined): string {
  if (fallback === undefined) return 'Choose…';
  const account = accountOf(chart, fallback);
  return `Default: ${account === undefined ? fallback : accountName(account)}`;
}

interface NameTableProps {
  kind: RowKind;
  noun: string;
  names: MappedName[];
  chart: Chart;
  /** A last row in which a name can be typed that no till has used yet. */
  newName?: boolean;
  show?: (name: string) => string;
  choice: (name: string, field: string, label: string) => ComponentChildren;
  extra?: { title: string; cell: (name: string, index: number) => ComponentChildren } | undefined;
}

function NameTable({ kind, noun, names, newName, show, choice, extra }: NameTableProps) {
  const rows = names.map((mapped, index) => [
    <>
      <input type="hidden" name={`${kind}.${index}.name`} value={mapped.name} />
      {show?.(mapped.name) ?? mapped.name} <Mark mapped={mapped} />
    </>,
    choice(mapped.name, `${kind}.${index}.to`, `${noun} ${mapped.name} goes to`),
    ...(extra === undefined ? [] : [extra.cell(mapped.name, index)]),
  ]);
  const last = names.length;
  const empty = [
    <NewName kind={kind} index={last} noun={noun} />,
    choice('', `${kind}.${last}.to`, `New ${noun.toLowerCase()} goes to`),
    ...(extra === undefined ? [] : [extra.cell('', last)]),
  ];
  return (
    <Table
      label={`${noun} and where it goes`}
      columns={[
        { name: noun },
        { name: 'Goes to' },
        ...(extra === undefined ? [] : [{ name: extra.title }]),
      ]}
      rows={newName ? [...rows, empty] : rows}
    />
  );
}

function NewName({ kind, index, noun }: { kind: RowKind; index: number; noun: string }) {
  const name = `${kind}.${index}.name`;
  return (
    <>
      <label for={`new-${kind}`} class="unseen">
        New {noun.toLowerCase()}
      </label>
      <input id={`new-${kind}`} name={name} maxLength={255} placeholder="Another…" />
    </>
  );
}

function Mark({ mapped }: { mapped: MappedName }) {
  if (mapped.state === 'unmapped') return <Badge tone="warm">New: choose</Badge>;
  if (!mapped.seen && mapped.state === 'mapped') return <small>not seen lately</small>;
  return null;
}
