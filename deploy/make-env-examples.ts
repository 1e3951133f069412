/**
 * `npm run env-examples`: writes deploy/agent.env.example and deploy/relay.env.example from the
 * settings tables.
 */
import { writeFile } from 'node:fs/promises';
import { ENV_EXAMPLES } from './env-examples.ts';

for (const [name, content] of Object.entries(ENV_EXAMPLES)) {
  await writeFile(new URL(`../../deploy/${name}`, import.meta.url), content);
}
