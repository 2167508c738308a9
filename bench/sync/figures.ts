import { distribution, type Figure, single } from '../figure.ts';
import type { Seen } from './observer.ts';
import type { Phase } from './phase.ts';
import type { Written } from './writer.ts';

/** What a measured phase says; `cpuUs` is what all processes of the system used for it. */
export function figuresOf(phase: Phase, written: Written, seen: Seen, cpuUs: number): readonly Figure[] {
  switch (phase.pace.type) {
    case 'ping-pong':
      // There and back, halved.
      return [distribution('latency', 'us', microseconds(written.sent, written.echoed, 2))];
    case 'open-loop':
      return [
        distribution('latency', 'us', microseconds(written.due, seen.seen)),
        distribution('behind-plan', 'us', microseconds(written.due, written.sent)),
      ];
    case 'saturation': {
      const seconds = (latest(seen.seen) - (written.sent[0] ?? Number.NaN)) / 1e9;
      return [
        single('throughput', '1/s', seen.notified / seconds, seen.notified),
        single('writes', '1/s', phase.writes / seconds, phase.writes),
        single('cpu-per-write', 'us', cpuUs / phase.writes, phase.writes),
      ];
    }
  }
}

function microseconds(from: Float64Array, to: Float64Array, divisor = 1): Float64Array {
  return to.map((time, i) => (time - (from[i] ?? Number.NaN)) / 1000 / divisor);
}

function latest(times: Float64Array): number {
  return times.reduce((latest, time) => Math.max(latest, time));
}
