/** Mail by SMTP. The only user of nodemailer. */
import { createTransport } from 'nodemailer';
import { AppError, messageOf } from '../../protocol/errors.ts';
import type { Notice } from './notice.ts';

const ATTEMPT_MAX_MS = 30_000;

export interface Mailer {
  /** @throws AppError `unreachable`; the mail may be tried again */
  send(to: string, notice: Notice): Promise<void>;
  close(): void;
}

/** @param smtpUrl `smtps://user:password@host:465` or `smtp://…` (STARTTLS where it is offered) */
export function createMailer(smtpUrl: string, from: string): Mailer {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: ATTEMPT_MAX_MS,
    socketTimeout: ATTEMPT_MAX_MS,
  });
  return {
    async send(to, { subject, text }) {
      try {
        await transport.sendMail({ from, to, subject, text });
      } catch (cause) {
        throw new AppError('unreachable', `the mail server did not take it: ${messageOf(cause)}`, {
          hint: 'check RELAY_SMTP_URL and RELAY_MAIL_FROM, and that the server may be reached',
          retryable: true,
          cause,
        });
      }
    },
    close: () => transport.close(),
  };
}
