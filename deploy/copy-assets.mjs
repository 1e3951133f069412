// After tsc: copies the files that pages are made of (styles, icons, scripts) beside the compiled
// code, and marks the two programs as executable for npm's bin links.
import { chmodSync, cpSync, existsSync } from 'node:fs';

for (const folder of ['agent/status/assets', 'relay/hq/assets', 'test/support/xero/assets']) {
  if (existsSync(folder)) cpSync(folder, `dist/${folder}`, { recursive: true });
}
for (const program of ['dist/agent/main.js', 'dist/relay/main.js']) {
  if (existsSync(program)) chmodSync(program, 0o755);
}
