/** The API's description (OpenAPI 3.1), made of the schemas that check it. */
import { z } from 'zod';
import { mappingSchema } from '../../books/mapping.ts';
import type { Role } from '../../db/records.ts';
import {
  afterSchema,
  DAY_ACTIONS,
  DAYS_MAX,
  dateSchema,
  dayDetailsSchema,
  dayPreviewSchema,
  dayRowSchema,
  postedRangeSchema,
  problemSchema,
  rangeSchema,
  storeRowSchema,
} from './schemas.ts';

export function openApiDocument(version: string, publicUrl: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tillbook relay',
      version,
      description:
        'What head office does on the pages, for its programs. Amounts are whole minor units. ' +
        'Make a token with `tillbook-relay token add NAME --role ROLE`.',
    },
    servers: [{ url: publicUrl }],
    security: [{ token: [] }],
    paths: { ...storePaths(), ...dayPaths() },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Store: json(storeRowSchema),
        Mapping: json(mappingSchema),
        NewMapping: json(mappingSchema, 'input'),
        Day: json(dayRowSchema),
        DayDetails: json(dayDetailsSchema),
        DayPreview: json(dayPreviewSchema),
        Range: json(rangeSchema, 'input'),
        PostedRange: json(postedRangeSchema),
        Problem: json(problemSchema),
      },
    },
  };
}

function storePaths(): object {
  const parameters = [inPath('id', z.string())];
  return {
    '/api/v1/stores': { get: operation('viewer', 'All stores', many('Store')) },
    '/api/v1/stores/{id}/mapping': {
      parameters,
      get: operation('viewer', 'The mapping as it was saved', one('Mapping')),
      put: {
        ...operation('bookkeeper', 'Replaces the mapping', one('Mapping')),
        requestBody: { required: true, content: content('NewMapping') },
      },
    },
    '/api/v1/stores/{id}/post': {
      parameters,
      post: {
        ...operation(
          'bookkeeper',
          'Posts the kept days of a range, from before the connection; others stay as they are',
          one('PostedRange'),
        ),
        requestBody: { required: true, content: content('Range') },
      },
    },
  };
}

function dayPaths(): object {
  const parameters = [inPath('store', z.string()), inPath('date', dateSchema)];
  return {
    '/api/v1/days': { get: daysOperation() },
    '/api/v1/days/{store}/{date}': {
      parameters,
      get: operation('viewer', 'One store-day with its history', one('DayDetails')),
    },
    '/api/v1/days/{store}/{date}/preview': {
      parameters,
      get: operation('viewer', 'What the day would become in Xero', one('DayPreview')),
    },
    '/api/v1/days/{store}/{date}/{action}': {
      parameters: [...parameters, inPath('action', z.enum(DAY_ACTIONS))],
      post: operation('bookkeeper', 'Does it and gives the day', one('DayDetails')),
    },
  };
}

function daysOperation(): object {
  const summary = 'One row per store-day, with its newest revision, by store, oldest first';
  const described = operation('viewer', summary, many('Day'));
  const description = 'Only when there are more rows: the address of the next ones, rel="next"';
  return {
    ...described,
    parameters: [
      inQuery('store', z.string()),
      inQuery('from', dateSchema),
      inQuery('to', dateSchema),
      inQuery('after', afterSchema),
      inQuery('limit', z.int().min(1).max(DAYS_MAX).default(DAYS_MAX)),
    ],
    responses: {
      ...described.responses,
      200: {
        ...described.responses[200],
        headers: { Link: { required: false, description, schema: { type: 'string' } } },
      },
    },
  };
}

/** @param role the least that a token needs */
function operation(role: Role, summary: string, schema: object) {
  const problem = {
    description: 'What is wrong and what to do (RFC 9457)',
    content: { 'application/problem+json': { schema: reference('Problem') } },
  };
  const ok = { description: summary, content: { 'application/json': { schema } } };
  const description = `Needs a token with the role ${role}.`;
  return { summary, description, 'x-role': role, responses: { 200: ok, default: problem } };
}

function inPath(name: string, schema: z.ZodType): object {
  return { name, in: 'path', required: true, schema: json(schema) };
}

function inQuery(name: string, schema: z.ZodType): object {
  return { name, in: 'query', required: false, schema: json(schema) };
}

function content(name: string): object {
  return { 'application/json': { schema: reference(name) } };
}

function one(name: string): object {
  return reference(name);
}

function many(name: string): object {
  return { type: 'array', items: reference(name) };
}

function reference(name: string): object {
  return { $ref: `#/components/schemas/${name}` };
}

function json(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
