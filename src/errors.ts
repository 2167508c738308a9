/**
 * What can break around a management tree. A DM command's answer is a Status, never one of these; a caller's mistake is a
 * TypeError or RangeError. The codes are stable: programs may switch over them.
 */
export type ErrorCode =
  /** The thing was closed by its owner. */
  | 'closed'
  /** A channel ended: by the peer's close, or because it broke; `cause` says which. */
  | 'channel-closed'
  /** A channel could not be opened. */
  | 'channel-failed'
  /** A message is larger than the channel or the session takes. */
  | 'message-too-large'
  /** A message that the protocol does not allow; the channel is closed, nothing was touched. */
  | 'message-malformed'
  /** The two sides have no protocol version in common. */
  | 'version-unsupported'
  /** The hub does not admit this VM: unknown id, or wrong credentials. */
  | 'not-admitted'
  /** The hub does not serve this management object, or not to this VM. */
  | 'mo-unknown'
  /** The hub has given this VM up, and takes it in anew if it comes again (Y5). */
  | 'expelled'
  /** The peer was silent for longer than the heartbeat allows. */
  | 'peer-silent'
  /** Another channel with the same VM id took this one's place. */
  | 'duplicate-vm'
  /** The stored copy and the hub's descend from different first copies (Y8). */
  | 'origin-mismatch'
  /** The management object is served with another schema than it was mounted with (M6). */
  | 'schema-mismatch'
  /** The management object is served with other scope rules than it was mounted with (S1). */
  | 'rules-mismatch'
  /** Replicas that should be equal are not. */
  | 'diverged'
  /** Stored bytes are not what was written. */
  | 'storage-damaged'
  /** The last stored bytes of a document are not what was written; all before them is good, and usable. */
  | 'storage-torn'
  /** Stored bytes were written by a newer version of this library. */
  | 'storage-newer'
  /** Reading or writing the storage failed; `cause` is the storage's own error. */
  | 'storage-failed'
  /** A DDF that cannot be read; the message names the place. */
  | 'ddf-invalid'
  /** Something inside this library contradicts itself; please report it. */
  | 'internal';

/** Whether a text, which a peer said, is one of the codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}

/** The one error class of this library; `code` is stable, `message` is for people, `cause` is what lay beneath. */
export class VirmoError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'VirmoError';
    this.code = code;
  }
}

/** A record, so that the compiler misses none. */
const errorCodes: Readonly<Record<ErrorCode, true>> = {
  closed: true,
  'channel-closed': true,
  'channel-failed': true,
  'message-too-large': true,
  'message-malformed': true,
  'version-unsupported': true,
  'not-admitted': true,
  'mo-unknown': true,
  expelled: true,
  'peer-silent': true,
  'duplicate-vm': true,
  'origin-mismatch': true,
  'schema-mismatch': true,
  'rules-mismatch': true,
  diverged: true,
  'storage-damaged': true,
  'storage-torn': true,
  'storage-newer': true,
  'storage-failed': true,
  'ddf-invalid': true,
  internal: true,
};
