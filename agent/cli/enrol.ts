/** `enrol`: makes this machine the agent of a store. */
import { AppError, messageOf } from '../../protocol/errors.ts';
import { httpUrl } from '../../protocol/host/settings.ts';
import { command, requiredOption, textOption } from './command.ts';

export const enrolCommand = command({
  name: 'enrol',
  usage: '[--relay URL] --code CODE [--json]',
  summary:
    'Connects this shop to head office, which gives both. Enrolled already: a new code gives it a new key.',
  options: { relay: { type: 'string' }, code: { type: 'string' } },
  async work(core, args) {
    const before = core.state.data.enrolment;
    const relay = address(
      textOption(args, 'relay') ?? before?.relay ?? requiredOption(args, 'relay'),
    );
    const code = requiredOption(args, 'code').trim();
    const { name, storeId, firstDay, kid } = await core.enrol(relay, code);
    const { timezone, cutOver } = core.calendar.ruleOf(core.calendar.today());
    const newKey = before !== undefined && before.kid !== kid;
    return { store: { id: storeId, name }, timezone, cutOver, firstDay, kid, newKey };
  },
  print: ({ store, timezone, cutOver, firstDay, kid, newKey }) =>
    newKey
      ? `${store.name} signs with a new key from now on (${kid}); the one before is not good any more.`
      : `This shop is ${store.name} now. Days turn at ${cutOver} (${timezone}); the first is ${firstDay}.`,
});

function address(text: string): string {
  try {
    return httpUrl(text);
  } catch (cause) {
    throw new AppError('bad-input', `--relay ${text}: ${messageOf(cause)}`, { path: 'relay' });
  }
}
