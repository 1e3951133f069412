/** What the journal does with torn, damaged, full and failing disks; on real files. */
import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Disk, systemDisk } from '../../agent/journal/disk.ts';
import { type AppError, isAppError } from '../../protocol/errors.ts';
import { journalLines, openTestShop, sale, tempFolder, testCalendar } from '../support/agent.ts';

const today = testCalendar().today();
const flags = { qos: 1, retained: false };
const payloadOf = (sequence: number) => Buffer.from(JSON.stringify(sale(sequence)));

/** A shop that took `count` sales and stopped; the checkpoint is left out unless asked for. */
async function shopWithSales(dataDir: string, count: number, checkpoint = false): Promise<string> {
  const shop = await openTestShop(dataDir);
  for (let i = 1; i <= count; i += 1) await shop.intake.take('till-1', payloadOf(i), flags);
  await shop.stop();
  if (!checkpoint) await rm(join(dataDir, 'checkpoint'));
  return join(dataDir, 'journal', `${today}.ndjson`);
}

test('a torn last line is cut off and set aside; the next sale goes on after the last whole one', async t => {
  const dataDir = await tempFolder(t);
  const path = await shopWithSales(dataDir, 3);
  const whole = await readFile(path, 'utf8');
  await writeFile(path, `${whole}{"receivedAt":"2026-11-22T`);
  const shop = await openTestShop(dataDir);
  assert.equal(await readFile(path, 'utf8'), whole);
  assert.match(await readFile(path.replace('.ndjson', '.damaged'), 'utf8'), /2026-11-22T\n$/);
  await shop.intake.take('till-1', payloadOf(4), flags);
  assert.equal((await shop.journal.verify(today)).broken, undefined);
  assert.equal(shop.dayBook.snapshot(today).damaged, 0);
  await shop.stop();
  assert.equal((await journalLines(dataDir, today)).length, 4);
});

test('a last line that only lost its newline is kept', async t => {
  const dataDir = await tempFolder(t);
  const path = await shopWithSales(dataDir, 2);
  const whole = await readFile(path, 'utf8');
  await writeFile(path, whole.trimEnd());
  const shop = await openTestShop(dataDir);
  t.after(() => shop.stop());
  assert.equal(await readFile(path, 'utf8'), whole);
  assert.equal(shop.dayBook.entries(today), 2);
});

for (const [what, at] of [
  ['within a record', 100],
  ['of the newline between two records', -1],
] as const) {
  test(`one flipped bit ${what} costs at most that record, and the day says so`, async t => {
    const dataDir = await tempFolder(t);
    const path = await shopWithSales(dataDir, 5);
    const bytes = await readFile(path);
    const second = bytes.indexOf(0x0a) + 1;
    const hit = at > 0 ? second + at : bytes.indexOf(0x0a, second);
    bytes.writeUInt8(bytes.readUInt8(hit) ^ 0x04, hit);
    await writeFile(path, bytes);
    const shop = await openTestShop(dataDir);
    t.after(() => shop.stop());
    const snapshot = shop.dayBook.snapshot(today);
    assert.equal(snapshot.journal.entries, at > 0 ? 4 : 5);
    assert.equal(snapshot.damaged, 1);
    assert.equal((await journalLines(dataDir, today)).length, snapshot.journal.entries);
    assert.deepEqual(snapshot.parts.terminals[0]?.missing, at > 0 ? [[2, 2]] : []);
  });
}

test('with a checkpoint, without one and with a damaged one the day is the same', async t => {
  const dataDir = await tempFolder(t);
  await shopWithSales(dataDir, 20, true);
  const snapshots: unknown[] = [];
  const checkpoint = join(dataDir, 'checkpoint');
  for (const spoil of [
    async () => undefined,
    async () => await writeFile(checkpoint, (await readFile(checkpoint)).subarray(1)),
    async () => await rm(checkpoint),
  ]) {
    await spoil();
    const shop = await openTestShop(dataDir);
    snapshots.push(shop.dayBook.snapshot(today));
    const again = await shop.intake.take('till-1', payloadOf(7), flags);
    assert.equal(again.kind === 'quarantined' && again.problem.code, 'conflict-id');
    await shop.stop();
    await rm(join(dataDir, 'quarantine'), { recursive: true });
  }
  assert.deepEqual(snapshots[1], snapshots[0]);
  assert.deepEqual(snapshots[2], snapshots[0]);
});

test('a checkpoint that was written while tills sold knows every sale once', async t => {
  const [dataDir, copy] = [await tempFolder(t), await tempFolder(t)];
  const shop = await openTestShop(dataDir);
  const payloads = Array.from({ length: 30_000 }, (_, i) => payloadOf(i + 1));
  for (let at = 0; at < payloads.length; at += 100) {
    const some = payloads.slice(at, at + 100);
    await Promise.all(some.map(payload => shop.intake.take('till-1', payload, flags)));
  }
  const sold = shop.dayBook.snapshot(today);
  await cp(dataDir, copy, { recursive: true }); // What a SIGKILL would leave.
  await shop.stop();
  const [header = ''] = (await readFile(join(copy, 'checkpoint'), 'utf8')).split('\n', 1);
  const [[, { entries }]] = (JSON.parse(header) as { files: [[string, { entries: number }]] })
    .files;
  assert.ok(entries >= 20_000 && entries < 30_000, `it was written at ${entries}`);
  const again = await openTestShop(copy);
  t.after(() => again.stop());
  assert.deepEqual(again.dayBook.snapshot(today), sold);
  for (const number of [1, entries - 1, entries, entries + 1, entries + 2, 30_000]) {
    const verdict = await again.intake.take('till-1', payloads[number - 1] as Buffer, flags);
    assert.equal(verdict.kind, 'duplicate', `sale ${number}`);
  }
});

/** The real disk, except for what `fault` does to a write or a sync of the journal. */
function faultyDisk(fault: { write?: () => number | Error; sync?: () => Error | undefined }): Disk {
  return {
    ...systemDisk,
    open: async path => {
      const file = await systemDisk.open(path);
      if (!path.includes('/journal/')) return file;
      return {
        ...file,
        write: async (bytes, position) => {
          const outcome = fault.write?.() ?? bytes.length;
          if (outcome instanceof Error) throw outcome;
          return await file.write(bytes.subarray(0, outcome), position);
        },
        datasync: async () => {
          const error = fault.sync?.();
          if (error !== undefined) throw error;
          await file.datasync();
        },
      };
    },
  };
}

const errno = (code: string) => Object.assign(new Error(`${code}: fault`), { code });

test('a write that is cut short is finished; a full disk refuses, cuts back and heals', async t => {
  const dataDir = await tempFolder(t);
  const script: (number | Error)[] = [20, 500_000, 30, errno('ENOSPC')];
  const shop = await openTestShop(dataDir, {
    disk: faultyDisk({ write: () => script.shift() ?? 500_000 }),
  });
  t.after(() => shop.stop());
  assert.equal((await shop.intake.take('till-1', payloadOf(1), flags)).kind, 'accepted');
  await assert.rejects(shop.intake.take('till-1', payloadOf(2), flags), (error: unknown) =>
    isAppError(error, 'disk-full'),
  );
  assert.equal((await journalLines(dataDir, today)).length, 1);
  while (!shop.storage().ready) await new Promise(resolve => setTimeout(resolve, 20));
  assert.equal((await shop.intake.take('till-1', payloadOf(2), flags)).kind, 'accepted');
  assert.equal((await shop.journal.verify(today)).broken, undefined);
});

test('a failed sync is fatal: no acknowledgement, never tried again', async t => {
  const fatal: AppError[] = [];
  let syncs = 0;
  const sync = () => {
    syncs += 1;
    return syncs === 2 ? errno('EIO') : undefined;
  };
  const shop = await openTestShop(await tempFolder(t), {
    disk: faultyDisk({ sync }),
    onFatal: error => fatal.push(error),
  });
  t.after(() => shop.stop());
  await shop.intake.take('till-1', payloadOf(1), flags);
  const lost = shop.intake.take('till-1', payloadOf(2), flags);
  await assert.rejects(lost, (error: unknown) => isAppError(error, 'disk-error'));
  await assert.rejects(shop.intake.take('till-1', payloadOf(3), flags));
  assert.deepEqual([syncs, fatal.length, shop.storage().ready], [2, 1, false]);
  assert.equal(shop.dayBook.entries(today), 1);
});

test('a bit that flips in what a checkpoint vouches for costs no money and is said once', async t => {
  const dataDir = await tempFolder(t);
  const path = await shopWithSales(dataDir, 5, true);
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(700) ^ 0x04, 700);
  await writeFile(path, bytes);
  for (const _start of ['first', 'second']) {
    const shop = await openTestShop(dataDir);
    const damaged = () => shop.dayBook.snapshot(today).damaged;
    while (damaged() === 0) await new Promise(resolve => setTimeout(resolve, 5));
    await new Promise(resolve => setTimeout(resolve, 50));
    assert.deepEqual([damaged(), shop.dayBook.entries(today)], [1, 5]);
    assert.equal((await shop.journal.verify(today)).broken?.line, 2);
    const resent = await shop.intake.take('till-1', payloadOf(2), flags);
    assert.equal(resent.kind === 'quarantined' && resent.problem.code, 'conflict-number');
    await shop.stop();
  }
});
