/** Drill: from nothing to the first invoice, every line of the runbook in its order. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ADMIN, connectXero, prepareXero } from '../../deploy/demo/head-office.ts';
import { Stage } from '../support/stage.ts';
import { Runbook } from './runbook.ts';
import { assertXeroHolds, sellCoffees, takings, today, until } from './shop-day.ts';

const MINUTES_MAX = 10;

describe('install to first invoice', () => {
  let stage: Stage;
  before(async () => {
    stage = await Stage.bare();
  });
  after(() => stage.stop());

  it('takes less than ten minutes of machine time and ends with a paid invoice', async () => {
    const begin = Date.now();
    const book = new Runbook(stage, 'Install to first invoice in ten minutes');
    await book.next(`${ADMIN.password}\n`);
    const addresses = { relay: stage.relayUrl, xero: stage.xero };
    await prepareXero(addresses);
    await connectXero(addresses, () => undefined);
    await book.next();
    await sellCoffees(stage, book.words['SECRET'] ?? '', 1);
    book.words['DATE'] = today();
    await book.next();
    await until('the invoice', async () => (await stage.payments()).length === 1);
    await until('the comparison', async () =>
      (await stage.relayCommand(['days'])).includes('reconciled'),
    );
    await book.next();
    book.end();
    await assertXeroHolds(stage, takings(1));
    assert.ok(Date.now() - begin < MINUTES_MAX * 60_000);
  });
});
