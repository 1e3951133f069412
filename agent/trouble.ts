/**
 * Trouble outside of this program (disk, network, a full table of files) told apart from bugs of our
 * own. Trouble is owned by the loop that meets it, which logs it and tries again; a bug ends the
 * process, so that nothing goes on in a state that nobody understands.
 */
import { type AppError, isAppError } from '../protocol/errors.ts';
import { diskError } from './journal/disk.ts';

/** The trouble in our words; undefined for a bug. @param doing for the sentence, as in "reading x" */
export function troubleOf(error: unknown, doing: string): AppError | undefined {
  if (isAppError(error)) return error;
  // What Node throws for the operating system: both fields are set.
  const isSystems = error instanceof Error && 'syscall' in error && 'code' in error;
  return isSystems ? diskError(error, doing) : undefined;
}
