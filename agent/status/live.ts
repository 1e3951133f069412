/**
 * Server-sent events: the page's new content to everybody who watches, at most twice a second,
 * rendered once for all of them. A viewer that does not read is dropped rather than buffered.
 */
import type { Response } from 'express';
import type { Observe } from './observe.ts';
import { renderMain } from './page.tsx';

export const VIEWERS_MAX = 200;
const PUSH_EVERY_MS = 500;
const IDLE_PUSH_MS = 10_000;
const BUFFERED_BYTES_MAX = 1024 * 1024;

export interface Live {
  /** False when there are too many viewers already. */
  admit(response: Response): boolean;
  /** Something has changed. */
  changed(): void;
  viewers(): number;
  stop(): void;
}

export function startLive(observe: Observe): Live {
  const viewers = new Set<Response>();
  let pending: NodeJS.Timeout | undefined;
  const idle = setInterval(() => push(), IDLE_PUSH_MS);
  idle.unref();

  function push(): void {
    clearTimeout(pending);
    pending = undefined;
    if (viewers.size === 0) return;
    const message = eventOf(observe);
    for (const viewer of viewers) send(viewer, message);
  }

  function send(viewer: Response, message: string): void {
    if (viewer.writableLength > BUFFERED_BYTES_MAX) viewer.destroy();
    else viewer.write(message);
  }

  return {
    admit(response) {
      if (viewers.size >= VIEWERS_MAX) return false;
      viewers.add(response);
      response.on('close', () => viewers.delete(response));
      response.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      response.write(`retry: 2000\n\n${eventOf(observe)}`);
      return true;
    },
    changed() {
      if (viewers.size > 0) pending ??= setTimeout(push, PUSH_EVERY_MS);
    },
    viewers: () => viewers.size,
    stop() {
      clearInterval(idle);
      clearTimeout(pending);
      for (const viewer of viewers) viewer.destroy();
    },
  };
}

function eventOf(observe: Observe): string {
  const status = observe();
  const data = JSON.stringify({ title: status.headline.message, html: renderMain(status) });
  return `event: status\ndata: ${data}\n\n`;
}
