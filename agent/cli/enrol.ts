/** `enrol`: makes this machine the agent of a store. */
import { AppError, messageOf } from '../../protocol/errors.ts';
import { httpUrl } from '../../protocol/host/settings.ts';
import { command, requiredOption } from './command.ts';

export const enrolCommand = command({
  name: 'enrol',
  usage: '--relay URL --code CODE [--json]',
  summary: 'Connects this shop to head office; head office gives both.',
  options: { relay: { type: 'string' }, code: { type: 'string' } },
  async work(core, args) {
    const relay = address(requiredOption(args, 'relay'));
    const { name, storeId, firstDay } = await core.enrol(
      relay,
      requiredOption(args, 'code').trim(),
    );
    const { timezone, cutOver } = core.calendar.ruleOf(core.calendar.today());
    return { store: { id: storeId, name }, timezone, cutOver, firstDay };
  },
  print: ({ store, timezone, cutOver, firstDay }) =>
    `This shop is ${store.name} now. Days turn at ${cutOver} (${timezone}); the first is ${firstDay}.`,
});

function address(text: string): string {
  try {
    return httpUrl(text);
  } catch (cause) {
    throw new AppError('bad-input', `--relay ${text}: ${messageOf(cause)}`, { path: 'relay' });
  }
}
