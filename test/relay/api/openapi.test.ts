/**
 * The served description is true: every operation in it is called, and what is asked and answered
 * is held against it. An operation without an example here fails, so a new one is covered by itself.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { chart, fullMapping } from '../../support/books.ts';
import { type ApiAnswer, type ApiRig, postedDay, STORE, startApi } from './rig.ts';

interface Operation {
  'x-role': 'viewer' | 'bookkeeper' | 'admin';
  requestBody?: object;
}

interface Described {
  paths: Record<string, Record<string, Operation>>;
}

interface Example {
  path: string;
  body?: object;
  /** Refused: path and body that do not fit. */
  wrong?: { path?: string; body?: object }[];
}

const DAY = `/api/v1/days/${STORE}/2026-11-10`;
const MAPPING = { organisation: 'org-1', products: '200', payment: '615' };
const RANGE = { from: '2026-11-01', to: '2026-11-09' };

/** By method and path as they are described; in the order in which they are called. */
const EXAMPLES: Record<string, Example> = {
  'get /api/v1/stores': { path: '/api/v1/stores' },
  'get /api/v1/stores/{id}/mapping': {
    path: `/api/v1/stores/${STORE}/mapping`,
    wrong: [{ path: '/api/v1/stores/nowhere/mapping' }],
  },
  'put /api/v1/stores/{id}/mapping': {
    path: `/api/v1/stores/${STORE}/mapping`,
    body: MAPPING,
    wrong: [{ body: { ...MAPPING, products: 200 } }, { body: { ...MAPPING, tills: {} } }],
  },
  'post /api/v1/stores/{id}/post': {
    path: `/api/v1/stores/${STORE}/post`,
    body: RANGE,
    wrong: [{ body: { from: '2026-11-01' } }, { body: { ...RANGE, store: STORE } }],
  },
  'get /api/v1/days': {
    path: `/api/v1/days?store=${STORE}&from=2026-11-01&to=2026-11-30&limit=10`,
    wrong: [{ path: '/api/v1/days?limit=0' }, { path: '/api/v1/days?from=monday' }],
  },
  'get /api/v1/days/{store}/{date}': {
    path: DAY,
    wrong: [{ path: `/api/v1/days/${STORE}/1999-01-01` }],
  },
  'get /api/v1/days/{store}/{date}/preview': {
    path: `${DAY}/preview`,
    wrong: [{ path: `/api/v1/days/${STORE}/1999-01-01/preview` }],
  },
  'post /api/v1/days/{store}/{date}/{action}': {
    path: `${DAY}/hold`,
    wrong: [{ path: `${DAY}/burn` }],
  },
};

let rig: ApiRig;
let described: Described;
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });

before(async () => {
  rig = await startApi();
  described = (await (await fetch(`${rig.url}/api/openapi.json`)).json()) as Described;
  ajv.addSchema(described, 'openapi');
  await rig.db.write(async tx => {
    for (const date of ['2026-11-20', '2026-11-21']) await tx.remove('days', `${STORE}/${date}`);
    const day = { ...postedDay('2026-11-10'), state: 'waiting' as const, documents: [] };
    await tx.put('days', `${STORE}/2026-11-10`, day);
    await tx.put('charts', 'org-1', chart());
    const store = await tx.get('stores', STORE);
    if (store === undefined) throw new Error('no store');
    const books = { connection: 'c1', organisation: 'org-1', mapping: fullMapping() };
    const saved = { postFrom: '2026-11-01', savedAt: '2026-11-01T00:00:00Z' };
    await tx.put('stores', STORE, { ...store, books: { ...books, ...saved } });
  });
});

after(() => rig.stop());

function operations(): { name: string; method: string; template: string; told: Operation }[] {
  return Object.entries(described.paths).flatMap(([template, item]) =>
    ['get', 'put', 'post', 'patch', 'delete'].flatMap(method => {
      const told = item[method];
      return told === undefined ? [] : [{ name: `${method} ${template}`, method, template, told }];
    }),
  );
}

function exampleOf(name: string): Example {
  const example = EXAMPLES[name];
  assert.ok(example, `${name} has no example in this test`);
  return example;
}

/** Holds a value against a place in the description. */
function check(place: string[], value: unknown, about: string): void {
  const path = place.map(part => part.replaceAll('~', '~0').replaceAll('/', '~1'));
  const $ref = `openapi#/${path.map(encodeURIComponent).join('/')}`;
  const fits = ajv.compile({ $ref });
  assert.ok(fits(value), `${about}: ${ajv.errorsText(fits.errors)} in ${JSON.stringify(value)}`);
}

function checkProblem(template: string, method: string, answer: ApiAnswer): void {
  const type = 'application/problem+json';
  const about = `${method} ${template} → ${answer.status}`;
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/, about);
  const place = ['paths', template, method, 'responses', 'default', 'content', type, 'schema'];
  check(place, answer.body, about);
  assert.equal((answer.body as { status: number }).status, answer.status, about);
}

const textOf = (body: object | undefined) =>
  body === undefined ? undefined : JSON.stringify(body);

describe('the served description', () => {
  it('names exactly what is called here', () => {
    assert.deepEqual(
      operations()
        .map(({ name }) => name)
        .sort(),
      Object.keys(EXAMPLES).sort(),
    );
  });

  it('is what every operation takes and answers', async () => {
    for (const { name, method, template } of operations()) {
      const { path, body } = exampleOf(name);
      const place = ['paths', template, method];
      const json = ['content', 'application/json', 'schema'];
      if (body !== undefined) check([...place, 'requestBody', ...json], body, `${name} takes`);
      const answer = await rig.call(method.toUpperCase(), path, 'bookkeeper', textOf(body));
      assert.equal(answer.status, 200, `${name}: ${JSON.stringify(answer.body)}`);
      check([...place, 'responses', '200', ...json], answer.body, `${name} answers`);
      assert.notDeepEqual(answer.body, [], `${name} shows something`);
    }
  });

  it('calls wrong what is refused, and every refusal is a problem document', async () => {
    for (const { name, method, template } of operations()) {
      const example = exampleOf(name);
      for (const { path = example.path, body = example.body } of example.wrong ?? []) {
        const answer = await rig.call(method.toUpperCase(), path, 'bookkeeper', textOf(body));
        assert.ok(answer.status >= 400 && answer.status < 500, `${name} ${path}: ${answer.status}`);
        checkProblem(template, method, answer);
        if (body === example.body) continue;
        const place = ['paths', template, method, 'requestBody', 'content', 'application/json'];
        assert.throws(() => check([...place, 'schema'], body, name), name);
      }
    }
  });
});

describe('every operation', () => {
  it('refuses a caller without a good token, whatever is asked', async () => {
    for (const { name, method, template, told } of operations()) {
      const { path, body } = exampleOf(name);
      for (const token of ['', 'nonsense', `${rig.tokens.admin}x`]) {
        const answer = await rig.call(method.toUpperCase(), path, token, textOf(body));
        assert.equal(answer.status, 401, name);
        checkProblem(template, method, answer);
      }
      assert.ok(told['x-role'], name);
    }
  });

  it('refuses a token of a lower role than it says, and changes nothing', async () => {
    const before = await rig.db.list('days');
    const guarded = operations().filter(({ told }) => told['x-role'] !== 'viewer');
    assert.ok(guarded.length >= 3);
    for (const { name, method, template } of guarded) {
      const { path, body } = exampleOf(name);
      const answer = await rig.call(method.toUpperCase(), path, 'viewer', textOf(body));
      assert.equal(answer.status, 403, name);
      checkProblem(template, method, answer);
    }
    assert.deepEqual(await rig.db.list('days'), before);
  });

  it('that changes something says so by its method', () => {
    for (const { name, method, told } of operations()) {
      assert.equal(told['x-role'] === 'viewer', method === 'get', name);
    }
  });
});
