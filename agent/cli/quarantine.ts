/** `quarantine`: what was received but could not be counted, and what to do with it. */
import { formatInstant } from '../../protocol/business-date.ts';
import { AppError } from '../../protocol/errors.ts';
import { type Arguments, command, table } from './command.ts';
import type { Core } from './core.ts';

const list = command({
  name: 'quarantine list',
  usage: '[--json]',
  summary: 'Lists the messages that were set aside.',
  work: async core =>
    core.shop.quarantine.list().map(item => {
      const { number, terminal, code, message, path, id } = item;
      return {
        number,
        receivedAt: inShopTime(core, item.receivedAt),
        terminal,
        code,
        message,
        path,
        ...(id === undefined ? {} : { id }),
      };
    }),
  print: items =>
    items.length === 0
      ? 'Nothing is set aside.'
      : table([
          ['N', 'RECEIVED', 'TILL', 'CODE', 'WHY'],
          ...items.map(({ number, receivedAt, terminal, code, message }) => [
            String(number),
            receivedAt,
            terminal,
            code,
            message,
          ]),
        ]),
});

const show = command({
  name: 'quarantine show',
  usage: 'N [--json]',
  summary: 'Shows one message that was set aside, as it came.',
  positionals: [1, 1],
  async work(core, args) {
    const { item, payload } = await core.shop.quarantine.show(numberOf(args));
    const receivedAt = inShopTime(core, item.receivedAt);
    const text = payload.toString('utf8');
    const isText = Buffer.from(text).equals(payload);
    return {
      ...item,
      receivedAt,
      ...(isText ? { raw: text } : { rawBase64: payload.toString('base64') }),
    };
  },
  print: ({ number, terminal, receivedAt, code, message, path, outcome, ...rest }) =>
    [
      `number ${number} of ${terminal}, received ${receivedAt}${outcome === undefined ? '' : `, ${outcome}`}`,
      `${code}: ${message}${path === '' ? '' : ` (${path})`}`,
      '',
      'raw' in rest ? rest.raw : `base64 ${rest.rawBase64}`,
    ].join('\n'),
});

const retry = command({
  name: 'quarantine retry',
  usage: 'N [--json]',
  summary: 'Judges a message again, e.g. after its void target has come in.',
  positionals: [1, 1],
  work: ({ shop }, args) => shop.quarantine.retry(numberOf(args)),
  print: verdict =>
    verdict.kind === 'quarantined'
      ? `Still set aside: ${verdict.problem.code}: ${verdict.problem.message}`
      : `It is ${verdict.kind} now.`,
  found: verdict => verdict.kind === 'quarantined',
});

const dismiss = command({
  name: 'quarantine dismiss',
  usage: 'N',
  summary: 'Settles a message that will never count; it stays on file.',
  positionals: [1, 1],
  async work({ log, shop }, args) {
    const number = numberOf(args);
    await shop.quarantine.dismiss(number);
    log.info({ event: 'dismissed', number }, 'quarantined message dismissed');
    return { number };
  },
  print: ({ number }) => `Number ${number} is settled; it stays on file.`,
});

export const quarantineCommands = [list, show, retry, dismiss];

function inShopTime({ observe }: Core, instant: string): string {
  return formatInstant(Date.parse(instant), observe().timezone);
}

function numberOf({ positionals }: Arguments): number {
  const [text = ''] = positionals;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new AppError('bad-input', `"${text}" is no number of the quarantine`, {
    hint: 'see: tillbook-agent quarantine list',
  });
}
