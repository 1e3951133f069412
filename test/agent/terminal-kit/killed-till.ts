/**
 * A till that sells as fast as its disk lets it until it is killed: prints the id of each receipt as
 * soon as `record` said that it is recorded. Arguments: broker, password, folder.
 */
import { writeSync } from 'node:fs';
import { connect } from '../../../agent/terminal-kit/terminal.ts';

const [url = '', password = '', folder = ''] = process.argv.slice(2);
const till = await connect({
  ...{ url, terminal: 'till-1', password, folder, currency: 'SGD' },
  retryMs: 20,
});
for (let amount = 100; ; amount += 1) {
  const lines = [{ kind: 'item' as const, amount }];
  const tenders = [{ method: 'cash', amount }];
  const recorded = await Promise.all(
    [1, 2, 3].map(() => till.record({ type: 'sale', lines, tenders })),
  );
  writeSync(1, recorded.map(({ id }) => `${id}\n`).join(''));
}
