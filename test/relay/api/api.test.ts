/** The JSON API: rows that outsiders rely on, roles, the mapping, and words for every mistake. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Db } from '../../../relay/db/db.ts';
import { dayDetailsSchema, dayRowSchema } from '../../../relay/hq/api/schemas.ts';
import { addApiToken, revokeApiToken } from '../../../relay/hq/api/tokens.ts';
import { type ApiRig, clock, STORE, startApi } from './rig.ts';

let rig: ApiRig;
let db: Db;
let acted: string[][];
const call: ApiRig['call'] = (...asked) => rig.call(...asked);

before(async () => {
  rig = await startApi();
  ({ db, acted } = rig);
});

after(() => rig.stop());

describe('the days over the API', () => {
  it('are one row per store-day with its newest revision and all its documents', async () => {
    const { body } = await call('GET', `/api/v1/days?store=${STORE}&from=2026-11-21&to=2026-11-21`);
    const [row, ...others] = body as unknown[];
    assert.deepEqual(others, []);
    assert.deepEqual(dayRowSchema.parse(row), row);
    assert.deepEqual(row, {
      store: STORE,
      date: '2026-11-21',
      revision: 1,
      state: 'waiting',
      reason: 'unmapped',
      reasons: [{ code: 'unmapped', message: 'The tender “card” is not mapped.', fix: 'Map it.' }],
      documents: [
        { kind: 'invoice', number: 'TB-2026-11-21', id: 'x-1', total: 2398, state: 'paid' },
      ],
      totals: { gross: 2400, tax: 182, tenders: { card: 1303, cash: 1095 } },
      reconciled: false,
    });
    assert.equal(((await call('GET', '/api/v1/days')).body as unknown[]).length, 2);
  });

  it('tell their history one by one', async () => {
    const { body } = await call('GET', `/api/v1/days/${STORE}/2026-11-21`);
    const day = dayDetailsSchema.parse(body);
    assert.deepEqual(day, body);
    assert.equal(day.revisions[0]?.missingNumbers, 2);
  });

  it('are acted on with the role for it, and under the token’s name', async () => {
    const path = `/api/v1/days/${STORE}/2026-11-21/retry`;
    assert.equal((await call('POST', path)).problem.code, 'not-allowed');
    assert.equal((await call('POST', path, 'bookkeeper')).status, 200);
    assert.deepEqual(acted.pop(), ['retry', STORE, '2026-11-21', 'token bookkeeper']);
    const other = `/api/v1/days/${STORE}/2026-11-21/delete`;
    assert.equal((await call('POST', other, 'bookkeeper')).problem.field, 'action');
  });

  it('that are asked for wrongly are refused with the field', async () => {
    const fields: [string, string, number][] = [
      ['/api/v1/days?from=2026-02-30', 'from', 422],
      ['/api/v1/days?to=x', 'to', 422],
      ['/api/v1/days?store=nowhere', 'store', 404],
      ['/api/v1/days?store=__proto__', 'store', 404],
      [`/api/v1/days/${STORE}/yesterday`, 'date', 422],
      [`/api/v1/days/${STORE}/2026-01-01`, 'date', 404],
      ['/api/v1/days/../2026-01-01', '', 404],
    ];
    for (const [path, field, status] of fields) {
      const answer = await call('GET', path);
      assert.deepEqual([answer.status, answer.problem.field ?? ''], [status, field], path);
      assert.ok(answer.problem.detail, path);
    }
    assert.match((await call('GET', '/api/v1/days?form=x')).problem.detail ?? '', /"form"/);
  });
});

describe('a mapping over the API', () => {
  const path = `/api/v1/stores/${STORE}/mapping`;
  const good = { organisation: 'org-1', products: '200', payment: '615' };
  const put = (mapping: object | string) =>
    call(
      'PUT',
      path,
      'bookkeeper',
      typeof mapping === 'string' ? mapping : JSON.stringify(mapping),
    );

  it('comes back as it was put, with its defaults, and decides from when on is posted', async () => {
    assert.equal((await call('GET', path)).status, 404);
    const saved = await put({ ...good, tenders: { card: { payment: '616' } } });
    assert.equal(saved.status, 200, JSON.stringify(saved.body));
    assert.deepEqual((await call('GET', path)).body, saved.body);
    assert.equal((saved.body as { cashTender: string }).cashTender, 'cash');
    const store = await db.get('stores', STORE);
    assert.deepEqual([store?.books?.postFrom, store?.books?.connection], ['2026-11-22', 'c1']);
    assert.deepEqual(acted.pop(), ['mapping', STORE]);
    const replaced = await put(good);
    assert.deepEqual((replaced.body as { tenders: object }).tenders, {});
  });

  it('that does not fit the organisation is refused with every reason', async () => {
    const answer = await put({ ...good, products: '999', payment: '200' });
    assert.equal(answer.status, 422);
    assert.ok((answer.problem.errors?.length ?? 0) >= 2, JSON.stringify(answer.problem));
    assert.ok(answer.problem.hint);
  });

  it('that is no mapping is refused with the field', async () => {
    const mappings: [object | string, string][] = [
      [{ ...good, products: 200 }, 'products'],
      [{ ...good, lines: 'all' }, 'lines'],
      [{ ...good, taxTolerance: -1 }, 'taxTolerance'],
      [{ ...good, organisation: 'org-2' }, 'organisation'],
      ['[]', ''],
      ['{"products":"1","products":"2"}', ''],
      ['{', ''],
    ];
    for (const [mapping, field] of mappings) {
      const answer = await put(mapping);
      const shown = JSON.stringify(answer.problem);
      assert.deepEqual([answer.status, answer.problem.field ?? ''], [422, field], shown);
    }
    assert.match((await put({ ...good, tills: {} })).problem.detail ?? '', /tills/);
    assert.equal((await call('PUT', path, 'viewer', '{}')).status, 403);
  });
});

describe('the API’s door', () => {
  it('opens to a good token only', async () => {
    const revoked = await addApiToken(db, clock, { name: 'old', role: 'admin', who: 'test' });
    await revokeApiToken(db, clock, 'old', 'test');
    const wrong = ['', 'nonsense', `${rig.tokens.viewer}x`, revoked.token, 'tb_viewer_'];
    for (const token of [...wrong, `tb___proto___${'A'.repeat(43)}`]) {
      const answer = await call('GET', '/api/v1/stores', token);
      assert.deepEqual([answer.status, answer.problem.field], [401, 'Authorization'], token);
    }
    assert.equal((await call('GET', '/api/v1/stores')).status, 200);
  });

  it('gives no secret and no page away', async () => {
    const response = await fetch(`${rig.url}/api/v1/stores`, {
      headers: { Authorization: `Bearer ${rig.tokens.viewer}` },
    });
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(response.headers.get('x-powered-by'), null);
    assert.doesNotMatch(await response.text(), /sealed|clientSecret/);
  });

  it('describes every address it serves', async () => {
    const response = await fetch(`${rig.url}/api/openapi.json`);
    const document = (await response.json()) as { paths: object; components: { schemas: object } };
    assert.deepEqual(Object.keys(document.paths), [
      '/api/v1/stores',
      '/api/v1/stores/{id}/mapping',
      '/api/v1/stores/{id}/post',
      '/api/v1/days',
      '/api/v1/days/{store}/{date}',
      '/api/v1/days/{store}/{date}/preview',
      '/api/v1/days/{store}/{date}/{action}',
    ]);
    const names = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)];
    for (const [, name] of names)
      assert.ok(Object.hasOwn(document.components.schemas, String(name)));
  });

  it('answers what it does not know with a problem document', async () => {
    for (const path of ['/api/v2/days', '/api', '/api/v1/stores/%ff/mapping', '/nothing']) {
      const answer = await call('GET', path);
      assert.ok(answer.status === 404 || answer.status === 400, `${path} ${answer.status}`);
      assert.ok(answer.problem.code, path);
    }
  });
});
