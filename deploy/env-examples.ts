/** The env examples as they must be: every setting of each program, commented out, with its default. */
import { SETTINGS } from '../agent/config.ts';
import { envExample } from '../protocol/host/settings.ts';
import { RELAY_SETTINGS } from '../relay/config.ts';

/** Content by file name within deploy/. */
export const ENV_EXAMPLES: Readonly<Record<string, string>> = {
  'agent.env.example': envExample(SETTINGS),
  'relay.env.example': envExample(RELAY_SETTINGS),
};
