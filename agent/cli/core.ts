/**
 * What commands work on: everything a data folder holds, opened once. The running agent has one, and
 * a command that finds no agent running opens one for itself.
 */

import type { StoreSettings } from '../../protocol/agent-relay.ts';
import type { Logger } from '../../protocol/host/log.ts';
import type { SigningKey } from '../../protocol/signing.ts';
import type { Terminals } from '../broker/terminals.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { ClockWatch } from '../day/clock-watch.ts';
import type { DayClose } from '../day/day-close.ts';
import type { SignedDays } from '../day/signed-days.ts';
import type { ShopCalendar } from '../day/store-calendar.ts';
import type { Outbox } from '../delivery/outbox.ts';
import type { Shop } from '../intake.ts';
import type { EnrolmentState, StateFile } from '../state.ts';
import type { Observe } from '../status/observe.ts';

export interface Core {
  version: string;
  config: Config;
  clock: Clock;
  log: Logger;
  state: StateFile;
  calendar: ShopCalendar;
  watch: ClockWatch;
  shop: Shop;
  terminals: Terminals;
  signed: SignedDays;
  outbox: Outbox;
  dayClose: DayClose;
  key: () => SigningKey | undefined;
  observe: Observe;
  /** Fingerprint of the certificate that tills must trust; undefined when TLS is off. */
  tlsFingerprint: () => string | undefined;
  /** Takes over what head office decided. */
  adopt: (settings: StoreSettings) => Promise<void>;
  enrol: (relay: string, code: string) => Promise<EnrolmentState>;
  stop: () => Promise<void>;
}
