/** All commands of the agent, in the order of `--help`. */

import { backupCommand } from './backup.ts';
import { clockCommands } from './clock.ts';
import { closeCommand } from './close.ts';
import type { Command } from './command.ts';
import { enrolCommand } from './enrol.ts';
import { exportCommand } from './export.ts';
import { quarantineCommands } from './quarantine.ts';
import { statusCommand } from './status.ts';
import { supportBundleCommand } from './support-bundle.ts';
import { terminalCommands } from './terminal.ts';
import { tryCommand } from './try.ts';
import { verifyCommand } from './verify.ts';

export const COMMANDS: readonly Command[] = [
  enrolCommand,
  ...terminalCommands,
  closeCommand,
  statusCommand,
  verifyCommand,
  tryCommand,
  ...quarantineCommands,
  exportCommand,
  backupCommand,
  supportBundleCommand,
  ...clockCommands,
];
