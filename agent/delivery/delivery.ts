/**
 * Everything that goes to the relay and comes back: forwarder, heartbeat, probe. Works only once the
 * shop is enrolled; nothing here can stop a sale from being taken.
 */
import type { Command } from '../../protocol/agent-relay.ts';
import { isAppError } from '../../protocol/errors.ts';
import type { Core } from '../cli/core.ts';
import { startForwarder } from './forwarder.ts';
import { type HeartbeatParts, startHeartbeat } from './heartbeat.ts';
import { startProbe } from './probe.ts';
import type { RelayHttp } from './relay-http.ts';
import { reportOf } from './report.ts';

export interface Delivery {
  reachable(): boolean | undefined;
  /** A day was closed: send it, and tell how the shop is. */
  wake(): void;
  stop(): Promise<void>;
}

export function startDelivery(core: Core, http: RelayHttp, onChange: () => void): Delivery {
  const { clock, log, outbox, signed, state } = core;
  const noted: RelayHttp = {
    ...http,
    // What an answer is worth is known only once its signature is checked, below.
    call: call =>
      http.call(call).catch((error: unknown) => {
        // A refusal is the relay's own word: it can be reached.
        probe.note(isAppError(error, 'refused'));
        throw error;
      }),
  };
  const forwarder = startForwarder({
    clock,
    state,
    signed,
    outbox,
    http: noted,
    random: Math.random,
    onDelivered: () => {
      probe.note(true);
      onChange();
      heartbeat.wake();
    },
    log,
  });
  const heartbeat = startHeartbeat({
    ...heartbeatParts(core, noted, () => forwarder.wake()),
    onTime: async relayMs => {
      probe.note(true);
      await core.watch.hear(relayMs);
    },
  });
  const probe = startProbe({
    state,
    http,
    log,
    onBack: () => void tryAtOnce(),
  });

  /** The way is free again: what was put off is tried now. */
  async function tryAtOnce(): Promise<void> {
    await state.note(({ delivery }) => {
      delivery.nextAttemptMs = 0;
    });
    forwarder.wake();
    heartbeat.wake();
  }

  return {
    reachable: probe.reachable,
    wake() {
      forwarder.wake();
      heartbeat.wake();
      probe.wake();
    },
    async stop() {
      await http.stop();
      await Promise.all([forwarder.stop(), heartbeat.stop(), probe.stop()]);
    },
  };
}

function heartbeatParts(
  core: Core,
  http: RelayHttp,
  onSendAgain: () => void,
): Omit<HeartbeatParts, 'onTime'> {
  const { clock, key, log, observe, outbox, shop, state } = core;
  return {
    clock,
    state,
    outbox,
    http,
    key,
    log,
    onSendAgain,
    random: Math.random,
    report: async () => reportOf(observe(), shop),
    onSettings: settings => core.adopt(settings),
    onCommand: command => carryOut(core, command),
  };
}

async function carryOut(core: Core, command: Command): Promise<void> {
  switch (command.kind) {
    case 'close':
      await core.dayClose.closeByHand(command.date);
      return;
    case 'confirm-clock':
      await core.watch.confirm();
      return;
  }
}
