import { LEAST_LIMIT } from './limit-header.ts';

/** What both ends of a WebSocket may set. */
export interface SharedOptions {
  /**
   * The largest message in bytes that this side takes, from 512 to 2^30; 16 MiB unless given. Two sides of this library tell each
   * other, and their channel's `maxMessageBytes` is the smaller one.
   */
  readonly maxMessageBytes?: number;
  /** Compresses each message (RFC 7692) when both sides want it; off unless given, for it costs more time than it saves on small messages. */
  readonly perMessageDeflate?: boolean;
  /** For how long a closing side waits for the other to read all and to answer, in milliseconds; 10,000 unless given. */
  readonly closeTimeoutMs?: number;
}

/** The shared options with their defaults. */
export interface Settings {
  readonly maxMessageBytes: number;
  /** As the package ws takes them. */
  readonly socket: {
    readonly maxPayload: number;
    readonly perMessageDeflate: boolean;
    readonly closeTimeout: number;
  };
}

/** Throws RangeError for a limit, or a time, that is none. */
export function settingsFrom(options: SharedOptions): Settings {
  const { maxMessageBytes = 16 * 1024 * 1024, perMessageDeflate = false, closeTimeoutMs = 10_000 } = options;
  if (!(Number.isInteger(maxMessageBytes) && maxMessageBytes >= LEAST_LIMIT && maxMessageBytes <= 2 ** 30)) {
    throw new RangeError(
      `maxMessageBytes is ${maxMessageBytes}; it is an integer from ${LEAST_LIMIT} to 2^30`,
    );
  }
  checkTimeout('closeTimeoutMs', closeTimeoutMs);
  // ws measures a compressed message before it is inflated, too, and what does not compress grows a little.
  const growth = perMessageDeflate ? Math.ceil(maxMessageBytes / 1000) + 64 : 0;
  const socket = { maxPayload: maxMessageBytes + growth, perMessageDeflate, closeTimeout: closeTimeoutMs };
  return { maxMessageBytes, socket };
}

/** Throws RangeError for what Node's timers would take for 1 ms. */
export function checkTimeout(name: string, ms: number): void {
  if (!(ms >= 1 && ms < 2 ** 31)) throw new RangeError(`${name} is ${ms}; it is from 1 to 2^31 - 1`);
}
