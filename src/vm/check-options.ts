/** What an agent sets is checked where it is set: a mistake is told there, and not by timers and limits that misbehave later. */
import { maxExecExpiryMs } from '../replica/record.ts';
import type { ConnectOptions } from './follower-link.ts';
import type { MountOptions } from './options.ts';
import type { ServeOptions } from './server.ts';

/** The longest time that Node's timers take, in milliseconds; they take a longer one for 1 ms. */
const maxTimerMs = 2 ** 31 - 1;

/** Throws RangeError for what cannot be a name of a VM or a management object. */
export function checkName(name: string, what: string): void {
  if (name === '' || name.length > 64) throw new RangeError(`${what} has 1 to 64 characters: '${name}'`);
  if (/\p{Surrogate}/u.test(name)) throw new RangeError(`${what} holds half a surrogate pair: '${name}'`);
}

/** Throws RangeError that names the option. */
export function checkMountOptions(options: MountOptions): void {
  const { maxAheadMs, execExpiryMs, maxCommandBytes, maxAbsenceMs, maxTombstoneBytes } = options;
  check('maxAheadMs', maxAheadMs, 0, Number.POSITIVE_INFINITY);
  checkInteger('execExpiryMs', execExpiryMs, maxExecExpiryMs);
  checkInteger('maxCommandBytes', maxCommandBytes, Number.MAX_SAFE_INTEGER);
  check('maxAbsenceMs', maxAbsenceMs, 0, Number.POSITIVE_INFINITY);
  check('maxTombstoneBytes', maxTombstoneBytes, 0, Number.POSITIVE_INFINITY);
}

/** Throws RangeError that names the option. */
export function checkConnectOptions({ silenceMs, maxMessageBytes, backoff = {} }: ConnectOptions): void {
  check('silenceMs', silenceMs, 1, maxTimerMs);
  checkInteger('maxMessageBytes', maxMessageBytes, Number.MAX_SAFE_INTEGER);
  check('backoff.firstMs', backoff.firstMs, 1, maxTimerMs);
  check('backoff.maxMs', backoff.maxMs, 1, maxTimerMs);
}

/** Throws RangeError that names the option. */
export function checkServeOptions({ silenceMs, maxMessageBytes, maxOpenMos }: ServeOptions): void {
  check('silenceMs', silenceMs, 1, maxTimerMs);
  checkInteger('maxMessageBytes', maxMessageBytes, Number.MAX_SAFE_INTEGER);
  checkInteger('maxOpenMos', maxOpenMos, Number.MAX_SAFE_INTEGER);
}

function checkInteger(option: string, value: number | undefined, most: number): void {
  check(option, value, 1, most);
  if (value !== undefined && !Number.isInteger(value))
    throw new RangeError(`${option} is ${value}; it is an integer`);
}

function check(option: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (value >= least && value <= most)) return;
  throw new RangeError(`${option} is ${value}; it is from ${least} to ${most}`);
}
