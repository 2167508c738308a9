/** What a session sees of its channel; the shell around it does the waiting. */
import type { ErrorCode } from '../errors.ts';

/** One end of a channel. */
export interface Port {
  /** The largest frame that can be sent or received, in bytes. */
  readonly maxFrameBytes: number;
  /** Whether the peer keeps up: little of what was sent is still waiting to leave. */
  readonly isReady: boolean;
  send(frame: Uint8Array): void;
  /** Sends what was given, then closes; what the peer says is not heard any more. */
  close(code: ErrorCode | 'normal', reason: string): void;
}
