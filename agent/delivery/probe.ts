/**
 * Whether the relay can be reached, asked every half minute: the heartbeat alone would tell the shop
 * only after five minutes. The answer to it is worth nothing but this word on the status page.
 */
import type { Logger } from '../../protocol/host/log.ts';
import type { StateFile } from '../state.ts';
import { type Loop, startLoop } from './loop.ts';
import type { RelayHttp } from './relay-http.ts';

const PROBE_EVERY_MS = 30_000;

export interface Probe extends Loop {
  /** Undefined before the first answer or enrolment. */
  reachable(): boolean | undefined;
  /** A call has just worked, or has not. */
  note(reachable: boolean): void;
}

export function startProbe(parts: {
  state: StateFile;
  http: RelayHttp;
  /** The relay can be reached again. */
  onBack: () => void;
  log: Logger;
}): Probe {
  const { http, log, onBack, state } = parts;
  let reachable: boolean | undefined;

  function note(now: boolean): void {
    const before = reachable;
    reachable = now;
    if (before === now) return;
    if (!now) log.warn({ event: 'relay-away' }, 'relay cannot be reached');
    else if (before === false) {
      log.info({ event: 'relay-back' }, 'relay can be reached again');
      onBack();
    }
  }

  const loop = startLoop(async () => {
    const { enrolment } = state.data;
    if (enrolment === undefined) return undefined;
    note(await http.probe(`${enrolment.relay}/healthz`));
    return PROBE_EVERY_MS;
  }, log);
  return { ...loop, reachable: () => reachable, note };
}
