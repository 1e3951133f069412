/**
 * `/Contacts`: GET by filter or search, PUT creates (a name is unique), POST creates or changes.
 */
import { randomUUID } from 'node:crypto';
import {
  type Answer,
  badQuery,
  envelope,
  type Json,
  NO_ID,
  NOT_FOUND,
  validationException,
} from './answers.ts';
import { parseWhereOf } from './documents-api.ts';
import type { Call } from './gate.ts';
import { type ContactInput, readContacts } from './input.ts';
import { inOrder, listParameter, page } from './query.ts';
import { contactJson, fateJson } from './render.ts';
import type { Contact } from './types.ts';
import { WhereError } from './where.ts';

const NAME_MAX = 255;

/** `GET /Contacts` with `where`, `searchTerm`, `IDs`, `page`, `includeArchived`. */
export function listContacts(call: Call): Answer {
  try {
    const fits = parseWhereOf(call);
    const found = call.organisation.contacts
      .filter(contact => asked(call, contact))
      .map(contactJson)
      .filter(fits);
    const { records, pagination } = page(call, inOrder(call, found));
    const more = { ...(pagination && { pagination }) };
    return { status: 200, body: envelope(call.world.now(), 'Contacts', records, more) };
  } catch (error) {
    if (error instanceof WhereError) return badQuery(error.message);
    throw error;
  }
}

/** `GET /Contacts/{id}` */
export function getContact(call: Call): Answer {
  const contact = call.organisation.contacts.find(c => c.id === call.id);
  if (contact === undefined) return NOT_FOUND;
  return { status: 200, body: envelope(call.world.now(), 'Contacts', [contactJson(contact)]) };
}

export function createContacts(call: Call): Answer {
  return saveContacts(call, () => undefined);
}

export function upsertContacts(call: Call): Answer {
  const { contacts } = call.organisation;
  return saveContacts(call, input => {
    if (input.ContactID) return contacts.find(c => c.id === input.ContactID);
    return contacts.find(c => c.status === 'ACTIVE' && sameName(c.name, input.Name));
  });
}

export function updateContact(call: Call): Answer {
  const contact = call.organisation.contacts.find(c => c.id === call.id);
  return contact === undefined ? NOT_FOUND : saveContacts(call, () => contact);
}

function asked(call: Call, contact: Contact): boolean {
  const archivedToo = call.query.get('includeArchived') === 'true';
  const ids = listParameter(call, 'IDs');
  const term = call.query.get('searchTerm')?.toLowerCase() ?? '';
  const haystack = `${contact.name} ${contact.emailAddress ?? ''} ${contact.contactNumber ?? ''}`;
  return (
    (archivedToo || contact.status === 'ACTIVE') &&
    (ids.length === 0 || ids.includes(contact.id)) &&
    haystack.toLowerCase().includes(term) &&
    (call.modifiedSince === undefined || contact.updatedAt >= call.modifiedSince)
  );
}

function saveContacts(
  call: Call,
  findBefore: (input: ContactInput) => Contact | undefined,
): Answer {
  const read = readContacts(call.body);
  if ('refusal' in read) return read.refusal;
  const entries = read.elements.map(input => {
    const before = findBefore(input);
    return { input, before, errors: refusals(call, input, before) };
  });
  const refused = (input: ContactInput, errors: readonly string[]): Json => ({
    ContactID: NO_ID,
    Name: input.Name ?? '',
    HasValidationErrors: true,
    ...fateJson({ errors, warnings: [] }),
  });
  const failed = entries.filter(entry => entry.errors.length > 0);
  if (call.query.get('summarizeErrors') !== 'false' && failed.length > 0) {
    return validationException(failed.map(entry => refused(entry.input, entry.errors)));
  }
  const shown = entries.map(({ input, before, errors }) =>
    errors.length > 0
      ? refused(input, errors)
      : { ...contactJson(commit(call, input, before)), ...fateJson({ errors, warnings: [] }) },
  );
  return { status: 200, body: envelope(call.world.now(), 'Contacts', shown) };
}

function refusals(call: Call, input: ContactInput, before: Contact | undefined): string[] {
  const name = input.Name?.trim() ?? before?.name ?? '';
  if (name === '') return ['Contact name must be specified.'];
  if (name.length > NAME_MAX) return [`Contact name must be at most ${NAME_MAX} characters.`];
  const other = call.organisation.contacts.find(
    c => c.status === 'ACTIVE' && c !== before && sameName(c.name, name),
  );
  if (other === undefined) return [];
  return [
    `The contact name ${name} is already assigned to another contact. The contact name must be unique across all active contacts.`,
  ];
}

function commit(call: Call, input: ContactInput, before: Contact | undefined): Contact {
  const contact: Contact = before ?? {
    id: randomUUID(),
    name: '',
    status: 'ACTIVE',
    isCustomer: false,
    updatedAt: 0,
  };
  contact.name = input.Name?.trim() ?? contact.name;
  if (input.ContactStatus === 'ARCHIVED') contact.status = 'ARCHIVED';
  if (input.ContactNumber) contact.contactNumber = input.ContactNumber;
  if (input.EmailAddress) contact.emailAddress = input.EmailAddress;
  contact.updatedAt = call.world.now();
  if (before === undefined) call.organisation.contacts.push(contact);
  return contact;
}

function sameName(a: string, b: string | null | undefined): boolean {
  return a.toLowerCase() === b?.trim().toLowerCase();
}
