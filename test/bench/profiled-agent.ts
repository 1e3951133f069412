/**
 * The agent under Node's own profiler, from its first sale on: SIGUSR2 starts it, the end of the
 * process writes the profile to the file that BENCH_PROFILE names.
 */
import { writeFileSync } from 'node:fs';
import { type Profiler, Session } from 'node:inspector';

const INTERVAL_US = 250;

const file = process.env['BENCH_PROFILE'] ?? '';
const session = new Session();
session.connect();
process.once('SIGUSR2', () => {
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  session.post('Profiler.start');
  process.once('exit', () => session.post('Profiler.stop', write));
});

function write(_error: Error | null, { profile }: Profiler.StopReturnType): void {
  writeFileSync(file, JSON.stringify(profile));
}

await import('../../agent/main.ts');
