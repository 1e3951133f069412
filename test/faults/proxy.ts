/** A TCP proxy between agent and relay that fails the way networks do. */
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { freePort } from '../../deploy/demo/processes.ts';

/**
 * `fair`: passes everything. `cut`: nobody gets through. `mute`: what is sent arrives, the answer
 * gets lost on its way back. `silent`: connections open and nothing ever comes.
 */
export type Line = 'fair' | 'cut' | 'mute' | 'silent';

export interface RelayLine {
  url: string;
  line: Line;
  /** Answers that were lost so far. */
  lost: number;
  /** What stands now breaks. */
  breakAll(): void;
}

export async function startProxy(t: TestContext, target: () => number): Promise<RelayLine> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy()); // A broken line is what this is for.
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const port = await freePort();
  const proxy: RelayLine = {
    ...{ url: `http://127.0.0.1:${port}`, line: 'fair', lost: 0 },
    breakAll: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
  const server = createServer(agent => {
    keep(agent);
    if (proxy.line === 'cut') return void agent.destroy();
    if (proxy.line === 'silent') return void agent.resume();
    const relay = keep(connect(target(), '127.0.0.1'));
    agent.pipe(relay);
    relay.on('data', bytes => {
      if (proxy.line === 'fair') return void agent.write(bytes);
      proxy.lost += 1;
      agent.destroy();
    });
    relay.on('close', () => agent.destroy());
    agent.on('close', () => relay.destroy());
  });
  await new Promise<void>(done => server.listen(port, '127.0.0.1', done));
  t.after(() => {
    server.close();
    proxy.breakAll();
  });
  return proxy;
}
