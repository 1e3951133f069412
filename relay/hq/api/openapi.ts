/** The API's description (OpenAPI 3.1), made of the schemas that check it. */
import { z } from 'zod';
import { mappingSchema } from '../../books/mapping.ts';
import {
  DAY_ACTIONS,
  dateSchema,
  dayDetailsSchema,
  dayRowSchema,
  problemSchema,
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
    paths: {
      '/api/v1/stores': { get: operation('All stores', many('Store')) },
      '/api/v1/stores/{id}/mapping': {
        parameters: [inPath('id', z.string())],
        get: operation('The mapping as it was saved', one('Mapping')),
        put: {
          ...operation('Replaces the mapping; needs role bookkeeper', one('Mapping')),
          requestBody: { required: true, content: content('NewMapping') },
        },
      },
      '/api/v1/days': {
        get: {
          ...operation('One row per store-day, with its newest revision', many('Day')),
          parameters: [
            inQuery('store', z.string()),
            inQuery('from', dateSchema),
            inQuery('to', dateSchema),
          ],
        },
      },
      '/api/v1/days/{store}/{date}': {
        parameters: [inPath('store', z.string()), inPath('date', dateSchema)],
        get: operation('One store-day with its history', one('DayDetails')),
      },
      '/api/v1/days/{store}/{date}/{action}': {
        parameters: [
          inPath('store', z.string()),
          inPath('date', dateSchema),
          inPath('action', z.enum(DAY_ACTIONS)),
        ],
        post: operation('Does it and gives the day; needs role bookkeeper', one('DayDetails')),
      },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Store: json(storeRowSchema),
        Mapping: json(mappingSchema),
        NewMapping: json(mappingSchema, 'input'),
        Day: json(dayRowSchema),
        DayDetails: json(dayDetailsSchema),
        Problem: json(problemSchema),
      },
    },
  };
}

function operation(summary: string, schema: object): Record<string, unknown> {
  const problem = {
    description: 'What is wrong and what to do (RFC 9457)',
    content: { 'application/problem+json': { schema: reference('Problem') } },
  };
  const ok = { description: summary, content: { 'application/json': { schema } } };
  return { summary, responses: { 200: ok, default: problem } };
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
