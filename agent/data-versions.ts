/** The versions of the agent's data folder, and how an older one becomes this program's. */
import { bringToVersion, type DataKind } from '../protocol/host/data-version.ts';
import { type FolderLock, lockFolder } from '../protocol/host/folder-lock.ts';

export const AGENT_DATA: DataKind = {
  program: 'tillbook-agent',
  setting: 'AGENT_DATA_DIR',
  signs: ['state.json', 'state.json.previous', 'journal', 'identity.jwk'],
  // Numbered by their place: steps are added at the end and never changed.
  steps: [{ name: 'the folder says its version' }],
};

/** Locks the folder and brings it to this version. @throws AppError folder-locked, bad-setting */
export async function takeFolder(dataDir: string): Promise<FolderLock> {
  const lock = await lockFolder(dataDir, AGENT_DATA.program);
  try {
    await bringToVersion(dataDir, AGENT_DATA);
    return lock;
  } catch (error) {
    await lock.release();
    throw error;
  }
}
