/**
 * Answers in Xero's own shapes: the envelope, the error bodies, its two kinds of dates.
 * Source: Xero's OpenAPI 16.1.0 (examples) and the errors that integrators quote.
 */
import { randomUUID } from 'node:crypto';
import type { IsoDate } from './types.ts';

/** What a handler returns; `sendAnswer` in faults.ts puts it on the wire. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text, or a value to be sent as JSON. Left out: an empty body. */
  readonly body?: unknown;
}

export type Json = Record<string, unknown>;

/** The id Xero uses for things that were not made. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Wraps records as Xero does: `{Id, Status: "OK", …, Invoices: […]}`. */
export function envelope(now: number, name: string, records: readonly Json[], more?: Json): Json {
  return {
    Id: randomUUID(),
    Status: 'OK',
    ProviderName: 'Tillbook stand-in',
    DateTimeUTC: `/Date(${now})/`,
    ...more,
    [name]: records,
  };
}

/** `ValidationException`, HTTP 400: the elements carry their own `ValidationErrors`. */
export function validationException(elements: readonly Json[]): Answer {
  return {
    status: 400,
    body: {
      ErrorNumber: 10,
      Type: 'ValidationException',
      Message: 'A validation exception occurred',
      Elements: elements,
    },
  };
}

/** The error Xero gives when the whole request, not one element, is refused. */
export function badRequest(type: string, errorNumber: number, message: string): Answer {
  return { status: 400, body: { ErrorNumber: errorNumber, Type: type, Message: message } };
}

/** Malformed JSON, or a value of the wrong kind. */
export function badData(message: string): Answer {
  return badRequest('PostDataInvalidException', 14, message);
}

/** A filter that Xero cannot read. */
export function badQuery(message: string): Answer {
  return badRequest('QueryParseException', 16, message);
}

/** 401 and 403 in the shape that Xero's gateway gives them. */
export function refused(status: 401 | 403, detail: string): Answer {
  return {
    status,
    body: {
      Type: null,
      Title: status === 401 ? 'Unauthorized' : 'Forbidden',
      Status: status,
      Detail: detail,
      Instance: randomUUID(),
      Extensions: {},
    },
  };
}

export const NOT_FOUND: Answer = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: "The resource you're looking for cannot be found",
};

/** `[{Message}]` as it stands on elements. */
export function messages(texts: readonly string[]): Json[] {
  return texts.map(text => ({ Message: text }));
}

/** A calendar date in Xero's JSON: midnight UTC in Microsoft's notation. */
export function msDate(date: IsoDate): string {
  return `/Date(${Date.parse(`${date}T00:00:00Z`)}+0000)/`;
}

/** An instant in Xero's JSON. */
export function msInstant(at: number): string {
  return `/Date(${at}+0000)/`;
}

/** The companion fields `DateString`, `DueDateString`. */
export function dateString(date: IsoDate): string {
  return `${date}T00:00:00`;
}

/** A date as Xero writes it in its messages: `31 Oct 2026`. */
export function spokenDate(date: IsoDate): string {
  return new Date(`${date}T00:00:00Z`).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    timeZone: 'UTC',
  });
}

/** Reads `2026-11-22`, `2026-11-22T…` and `/Date(…)/`; anything else is no date. */
export function readDate(text: string): IsoDate | undefined {
  const ms = /^\/Date\((-?\d+)(?:[+-]\d{4})?\)\/$/.exec(text);
  if (ms !== null) return new Date(Number(ms[1])).toISOString().slice(0, 10);
  const iso = /^(\d{4}-\d{2}-\d{2})(?:T.*)?$/.exec(text)?.[1];
  if (iso === undefined) return undefined;
  const at = Date.parse(`${iso}T00:00:00Z`);
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== iso) return undefined;
  return iso;
}
