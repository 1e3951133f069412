/** How a store's documents look and when they are held: everything that is not a name at the tills. */
import type { Mapping } from '../../books/mapping.ts';
import type { Chart } from '../../xero/chart.ts';
import { trackingChoice } from '../mapping-form.ts';
import { CheckField, type Choice, ChoiceField, TextField } from '../parts/fields.tsx';
import { Card } from '../parts/show.tsx';
import { accountId, lineAccounts, taxRates, trackingOptions } from '../xero-choices.ts';
import type { MappingProps } from './mapping-props.ts';

export function OptionsCard(props: MappingProps) {
  const { mapping, chart } = props;
  const accounts = lineAccounts(chart);
  const hasRounding = chart.accounts.some(({ systemAccount }) => systemAccount === 'ROUNDING');
  return (
    <>
      <Card title="Cash drawer, rounding and discounts">
        <div class="fields pairs">
          {account('cashOther', 'All other cash reasons', mapping.cashOther, 'Days with them wait')}
          {account('overShort', 'Cash over and short', mapping.overShort, 'Days with it wait')}
          {account(
            'rounding',
            'Cash rounding',
            mapping.rounding,
            hasRounding ? 'Xero’s own rounding account' : 'Choose…',
          )}
          {account('discounts', 'Discounts', mapping.discounts, 'Already taken off the lines')}
          <TextField
            name="cashTender"
            label="Tender of the cash drawer"
            value={mapping.cashTender}
            maxLength={64}
            hint="Cash movements are counted into its payment."
          />
        </div>
      </Card>
      <Card title="Documents in Xero">
        <div class="fields pairs">
          <DocumentFields {...props} />
          <TaxFields mapping={mapping} chart={chart} errors={props.errors} />
          <TrackingFields mapping={mapping} chart={chart} />
        </div>
        <CheckField
          name="zeroInvoice"
          label="Make an invoice of zero for a day without sales"
          checked={mapping.zeroInvoice}
        />
      </Card>
    </>
  );

  function account(name: string, label: string, value: string | undefined, empty: string) {
    return (
      <ChoiceField
        name={name}
        label={label}
        choices={accounts}
        value={accountId(chart, value)}
        empty={empty}
      />
    );
  }
}

function DocumentFields({ mapping, errors }: MappingProps) {
  return (
    <>
      <ChoiceField
        name="status"
        label="Post each day as"
        choices={[
          { value: 'AUTHORISED', label: 'Approved invoice, paid by tender' },
          { value: 'DRAFT', label: 'Draft, without payments' },
        ]}
        value={mapping.status}
      />
      <ChoiceField
        name="lines"
        label="Lines"
        choices={[
          { value: 'bucket', label: 'One per account and tax rate' },
          { value: 'category', label: 'One per category' },
        ]}
        value={mapping.lines}
      />
      <ChoiceField
        name="gaps"
        label="When a till’s numbers are missing"
        choices={[
          { value: 'post', label: 'Post, and add late sales later' },
          { value: 'hold', label: 'Wait for them' },
        ]}
        value={mapping.gaps}
      />
      <ChoiceField
        name="lockPolicy"
        label="When the period is locked in Xero"
        choices={[
          { value: 'hold', label: 'Wait' },
          { value: 'draft', label: 'Make a draft after the lock date' },
        ]}
        value={mapping.lockPolicy}
      />
      <TextField
        name="prefix"
        label="Number prefix"
        value={mapping.prefix}
        errors={errors}
        hint="Numbers look like TB-orchard-road-20261122."
      />
      <TextField
        name="contact"
        label="Contact"
        value={mapping.contact ?? ''}
        errors={errors}
        hint="Empty: the store’s name. {store} and {date} are filled in."
      />
      <TextField
        name="reference"
        label="Reference"
        value={mapping.reference ?? ''}
        errors={errors}
        hint="Empty: store, date, revision and digest."
      />
    </>
  );
}

interface TaxFieldsProps {
  mapping: Mapping;
  chart: Chart;
  errors: MappingProps['errors'];
}

function TaxFields({ mapping, chart, errors }: TaxFieldsProps) {
  return (
    <>
      <ChoiceField
        name="noTax"
        label="Tax rate of lines without tax"
        choices={withCurrent(taxRates(chart), mapping.noTax)}
        value={mapping.noTax}
      />
      <ChoiceField
        name="outOfScope"
        label="Tax rate of balance sheet lines"
        choices={withCurrent(taxRates(chart), mapping.outOfScope)}
        value={mapping.outOfScope}
        empty="The same"
      />
      <TextField
        name="taxTolerance"
        label="Tax may differ by (cents)"
        value={mapping.taxTolerance === undefined ? '' : String(mapping.taxTolerance)}
        errors={errors}
        hint="Empty: one cent per two lines at the till plus one per line in Xero."
      />
    </>
  );
}

/** `NONE` is no rate of some organisations and still what Xero takes. */
function withCurrent(rates: Choice[], current: string | undefined): Choice[] {
  if (current === undefined || rates.some(({ value }) => value === current)) return rates;
  return [{ value: current, label: current === 'NONE' ? 'No tax (NONE)' : current }, ...rates];
}

function TrackingFields({ mapping, chart }: { mapping: Mapping; chart: Chart }) {
  const options = trackingOptions(chart);
  if (options.length === 0) return null;
  return (
    <>
      {([0, 1] as const).map(index => (
        <ChoiceField
          name={`tracking${index + 1}`}
          label={index === 0 ? 'Tracking of this store' : 'Second tracking'}
          choices={options}
          value={trackingChoice(mapping.tracking?.[index])}
          empty="None"
        />
      ))}
    </>
  );
}
