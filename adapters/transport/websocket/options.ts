/** What both ends of a WebSocket may set. */
export interface SharedOptions {
  /**
   * The largest message in bytes that this side takes, 16 MiB unless given. Two sides of this library tell each other, and
   * their channel's `maxMessageBytes` is the smaller one.
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

/** Throws RangeError for a limit that is none. */
export function settingsFrom(options: SharedOptions): Settings {
  const { maxMessageBytes = 16 * 1024 * 1024, perMessageDeflate = false, closeTimeoutMs = 10_000 } = options;
  if (!(Number.isInteger(maxMessageBytes) && maxMessageBytes > 0 && maxMessageBytes <= 2 ** 30)) {
    throw new RangeError(`maxMessageBytes is ${maxMessageBytes}; it is an integer from 1 to 2^30`);
  }
  // ws measures a compressed message before it is inflated, too, and what does not compress grows a little.
  const growth = perMessageDeflate ? Math.ceil(maxMessageBytes / 1000) + 64 : 0;
  const socket = { maxPayload: maxMessageBytes + growth, perMessageDeflate, closeTimeout: closeTimeoutMs };
  return { maxMessageBytes, socket };
}
