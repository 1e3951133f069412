/**
 * The shape of a page's route. All of them stand in one table (pages.ts), so that a test can walk
 * it and every one has its role.
 */
import type { RequestHandler } from 'express';
import type { Role } from '../../db/records.ts';
import type { Call, UserCall } from '../call.ts';

/** For everybody, before somebody is signed in. */
export interface OpenRoute {
  method: 'get' | 'post';
  path: string;
  needs: 'nobody';
  /** Comes first, e.g. to slow down guessing. */
  before?: RequestHandler[];
  run: (call: Call) => Promise<void> | void;
}

/** For users whose role allows it. */
export interface UserRoute {
  method: 'get' | 'post';
  path: string;
  needs: Role;
  run: (call: UserCall) => Promise<void> | void;
}

export type Route = OpenRoute | UserRoute;
