/**
 * Does the disk still take and sync a write? The watchdog of the service manager asks before each
 * ping: a disk that hangs or fails must not look well from outside. A full disk is no failure: the
 * status page says it, and it heals by itself.
 */
import { join } from 'node:path';
import { type Disk, diskError, systemDisk, writeAll } from './disk.ts';

/** Resolves with false when the disk fails, and not at all while it hangs. */
export async function takesWrites(folder: string, disk: Disk = systemDisk): Promise<boolean> {
  try {
    const file = await disk.open(join(folder, 'probe'));
    try {
      await writeAll(file, Buffer.from('a write that is synced\n'), 0);
      await file.datasync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    return diskError(error, 'probing the disk').retryable;
  }
}
