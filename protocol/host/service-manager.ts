/**
 * Tells systemd how the program is: READY=1, WATCHDOG=1, STOPPING=1. By the command systemd-notify,
 * since Node has no unix datagram sockets (sd_notify(3)). Only where NOTIFY_SOCKET is set. A ping of
 * the watchdog says that the program can do its work now; without pings systemd starts it anew.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../errors.ts';
import type { Logger } from './log.ts';

/** systemd-notify waits until systemd has read the message: 5 s at most by itself. */
const SEND_MAX_MS = 10_000;
/** Pings in each watchdog interval: one may be late without harm. */
const PINGS = 3;

export interface ServiceManagerOptions {
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID come from systemd. */
  env: NodeJS.ProcessEnv;
  /** Resolves with true when the program can do its work; a ping waits for it. */
  isWell: () => Promise<boolean>;
  log: Logger;
}

export interface ServiceManager {
  /** Everything listens. Pings begin, if systemd asked for them. */
  ready(): Promise<void>;
  /** Work in hand is being finished. Pings end. */
  stopping(): Promise<void>;
}

export function serviceManager({ env, isWell, log }: ServiceManagerOptions): ServiceManager {
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  async function send(message: string): Promise<void> {
    if (env['NOTIFY_SOCKET'] === undefined || env['NOTIFY_SOCKET'] === '') return;
    try {
      await promisify(execFile)('systemd-notify', [message], { env, timeout: SEND_MAX_MS });
    } catch (error) {
      const failed = { event: 'notify-failed', notice: message, error: messageOf(error) };
      log.warn(failed, 'systemd was not told; is systemd-notify installed?');
    }
  }
  async function ping(): Promise<void> {
    if (looking) return; // The look before still waits: then there is nothing good to say.
    looking = true;
    try {
      if (await isWell()) await send('WATCHDOG=1');
      else log.error({ event: 'unwell' }, 'the watchdog is not told that all is well');
    } finally {
      looking = false;
    }
  }
  return {
    async ready() {
      await send('READY=1');
      const everyMs = watchdogMs(env) / PINGS;
      if (everyMs > 0) timer = setInterval(() => void ping(), everyMs).unref();
    },
    async stopping() {
      clearInterval(timer);
      await send('STOPPING=1');
    },
  };
}

/** What sd_watchdog_enabled(3) says, in ms; 0: no pings are asked of this process. */
export function watchdogMs(env: NodeJS.ProcessEnv): number {
  const { WATCHDOG_USEC, WATCHDOG_PID } = env;
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return 0;
  const usec = Number(WATCHDOG_USEC ?? 0);
  return Number.isSafeInteger(usec) && usec > 0 ? usec / 1000 : 0;
}
