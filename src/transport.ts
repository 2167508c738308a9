/**
 * CONTRACT of a transport. The kit in `virmo-sync/testing` checks exactly what is said here.
 */
import type { ErrorCode } from './errors.ts';

/** Why a channel is closed: a code for programs, a reason for people (its first 100 bytes of UTF-8 reach the peer, whole characters only). */
export interface CloseReason {
  readonly code: ErrorCode | 'normal';
  readonly reason: string;
}

/** What the transport itself can vouch for about the other end. */
export type PeerIdentity =
  | { readonly kind: 'none' }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'certificate'; readonly subject: string; readonly fingerprint: string }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'cid'; readonly cid: number };

/**
 * An ordered, reliable, two-way stream of whole binary messages. Iterating yields the received messages in order, each of
 * 0 bytes or more, and belongs to one reader. After a regular close by either side the messages received until then
 * are still yielded and the iteration ends; when the channel broke, it then throws VirmoError `channel-closed`. A received array is the reader's own.
 */
export interface Channel extends AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly peer: PeerIdentity;
  /** The largest message, in bytes, that `send` takes and the reader can receive; at least 32. */
  readonly maxMessageBytes: number;
  /**
   * Sends one message; the bytes may be re-used once the promise has resolved, which it does when the channel is ready for more.
   * Rejects with `message-too-large` (the channel stays usable) or `channel-closed`. When the peer closed the channel, the `cause` of that is a VirmoError with the peer's code, `closed` for
   * `normal`, and its reason in the message.
   */
  send(message: Uint8Array): Promise<void>;
  /**
   * Sends what was accepted, then closes; for the reason `peer-silent` it waits for nobody. May be called again; resolves when nothing of the channel is left running. Never rejects.
   */
  close(reason?: CloseReason): Promise<void>;
}

/** Accepts channels; iterating yields each once, to one reader, and ends after `close` (AsyncDisposable), which leaves accepted channels open. */
export interface Listener extends AsyncIterable<Channel>, AsyncDisposable {
  /** What a dialer of the same transport needs to reach this listener. */
  readonly address: string;
  /** Takes no more channels; resolves when nothing of the listener itself is left running. May be called again, and never rejects. */
  close(): Promise<void>;
}

/** Opens channels to one address. */
export interface Dialer {
  /** Rejects with `channel-failed`, or with the signal's reason when that aborts first. */
  dial(options?: { readonly signal?: AbortSignal }): Promise<Channel>;
}
