/**
 * What the disk alone costs: a batch of sixteen sales appended and synced as the journal does it,
 * without anything else. No program that syncs before it acknowledges can be faster.
 */
import { join } from 'node:path';
import { systemDisk, writeAll } from '../../agent/journal/disk.ts';
import { quantile } from './results.ts';

const BATCHES = 2000;
/** Sixteen sales of the load with their seals. */
const BATCH_BYTES = 16 * 900;

export interface DiskFloor {
  p50Ms: number;
  p99Ms: number;
}

export async function measureDisk(folder: string): Promise<DiskFloor> {
  const file = await systemDisk.open(join(folder, 'disk-floor'));
  const bytes = Buffer.alloc(BATCH_BYTES, 0x20);
  const timesMs: number[] = [];
  try {
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const startedAt = performance.now();
      await writeAll(file, bytes, batch * BATCH_BYTES);
      await file.datasync();
      timesMs.push(performance.now() - startedAt);
    }
  } finally {
    await file.close();
  }
  return { p50Ms: quantile(timesMs, 0.5), p99Ms: quantile(timesMs, 0.99) };
}
