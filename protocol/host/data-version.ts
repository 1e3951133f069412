/**
 * Which program's data a folder holds, and in which version: `version.json`. Comes in: a locked
 * folder. Goes out: the same folder, brought to this program's version step by step, or a refusal
 * that changed nothing: what a newer program wrote would be misread, and then written over.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, isAppError } from '../errors.ts';
import { readTextIfAny } from './durable-file.ts';
import { DurableJsonAdapter } from './durable-json.ts';

/** One step; killed in the middle, it is run again from its beginning. */
export interface DataStep {
  name: string;
  /** Absent: only the number changes. */
  run?: (folder: string) => Promise<void>;
}

export interface DataKind {
  program: string;
  /** Setting that names the folder, for the refusal. */
  setting: string;
  /** Names of which one is there when a folder without `version.json` holds data (version 0). */
  signs: readonly string[];
  /** Step n (from 0) leads from version n to n + 1: their number is this program's version. */
  steps: readonly DataStep[];
}

interface Version {
  program: string;
  version: number;
}

/**
 * @returns names of the steps that were made now
 * @throws AppError `bad-setting` for another program's data or a newer version; disk errors
 */
export async function bringToVersion(folder: string, kind: DataKind): Promise<string[]> {
  const file = new DurableJsonAdapter<Version>(join(folder, 'version.json'));
  const found = await versionOf(folder, kind, await file.read());
  const made: string[] = [];
  for (const [index, step] of kind.steps.entries()) {
    if (index < found) continue;
    await step.run?.(folder);
    await file.write({ program: kind.program, version: index + 1 }).catch((error: unknown) => {
      // A full disk must not stop a shop for a number; the next start writes it.
      if (step.run !== undefined || !isAppError(error, 'disk-full')) throw error;
    });
    made.push(step.name);
  }
  return made;
}

/**
 * For whoever only reads, without the folder's lock.
 * @returns true when it has this program's version: an opening would make no step
 * @throws AppError `bad-setting`
 */
export async function checkVersion(folder: string, kind: DataKind): Promise<boolean> {
  const path = join(folder, 'version.json');
  if ((await readTextIfAny(path)) === undefined) return false;
  const file = await new DurableJsonAdapter<Version>(path).read();
  return (await versionOf(folder, kind, file)) === kind.steps.length;
}

async function versionOf(folder: string, kind: DataKind, file: Version | null): Promise<number> {
  if (file === null) {
    const names = await readdir(folder);
    // A new folder needs no steps: but they do no harm to nothing, and the last one numbers it.
    return kind.signs.some(sign => names.includes(sign)) ? 0 : kind.steps.length - 1;
  }
  const { program, version } = file;
  if (program !== kind.program) {
    throw refused(kind, `${folder} holds the data of ${program}`, 'name a folder of its own');
  }
  if (version <= kind.steps.length) return version;
  throw refused(
    kind,
    `${folder} has data of version ${version}, this program knows up to ${kind.steps.length}`,
    `nothing was changed: start the newer ${program} again, or restore the backup from before the upgrade`,
  );
}

function refused({ setting }: DataKind, message: string, hint: string): AppError {
  return new AppError('bad-setting', message, { path: setting, hint });
}
