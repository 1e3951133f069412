/**
 * Starts the Xero stand-in inside a test or the demo: one server plays login, identity and API.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeApp } from './app.ts';
import { type Control, makeControl } from './control.ts';
import { SEED_KEYS, type SeedKey } from './seeds.ts';
import type { AppRegistration, OpenQuestions, RateLimits } from './types.ts';
import { makeWorld, type World } from './world.ts';

export interface XeroOptions {
  /** Port to listen on, on loopback; 0 (the default) takes a free one. */
  readonly port?: number;
  /** Organisations to start with; all four by default, Singapore first. */
  readonly seeds?: readonly SeedKey[];
  /** Apps that are registered from the start. */
  readonly apps?: readonly Partial<AppRegistration>[];
  /** Epoch milliseconds; the system's clock by default. */
  readonly clock?: () => number;
  /** How long every accounting call takes, in milliseconds; 0 by default. */
  readonly latencyMs?: number;
  readonly limits?: Partial<RateLimits>;
  readonly openQuestions?: Partial<OpenQuestions>;
}

export interface Xero {
  /** Base address, without a slash at the end: for all three `XERO_*_URL` settings. */
  readonly url: string;
  readonly control: Control;
  /** The state itself, for tests that must look deeper. */
  readonly world: World;
  /** Closes the server and every connection to it. */
  readonly stop: () => Promise<void>;
}

/** Starts a stand-in and resolves once it listens. */
export async function startXero(options: XeroOptions = {}): Promise<Xero> {
  const seeds = options.seeds ?? SEED_KEYS;
  const world = makeWorld(options.clock ?? Date.now, seeds);
  Object.assign(world.limits, options.limits);
  Object.assign(world.open, options.openQuestions);
  const control = makeControl(world, seeds);
  for (const app of options.apps ?? []) control.registerApp(app);
  const server = createServer(makeApp(world, control, options.latencyMs ?? 0));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    control,
    world,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
