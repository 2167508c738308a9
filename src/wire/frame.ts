/**
 * Frames: what one message of a channel carries (rule Y7). A frame is one byte of flags, the payload, and the CRC-32 of both (little endian). A message larger than the channel takes goes as
 * several frames in a row; flag 1 says that more follow.
 */
import { VirmoError } from '../errors.ts';
import { crc32 } from './crc32.ts';

/** Bytes that a frame adds to its payload. */
export const frameOverhead = 5;
/** The largest frame that a channel takes has at least so many bytes; on one that takes less there is no session. */
export const minFrameBytes = 32;
const moreFollows = 1;

/** The frames of one message, each of at most `maxFrameBytes`. */
export function encodeFrames(message: Uint8Array, maxFrameBytes: number): Uint8Array[] {
  const room = maxFrameBytes - frameOverhead;
  if (room < 1) throw new RangeError(`frames of ${maxFrameBytes} bytes have no room for a message`);
  if (message.length <= room) return [encodeFrame(message, 0)];
  const frames: Uint8Array[] = [];
  for (let at = 0; at < message.length; at += room) {
    const isLast = at + room >= message.length;
    frames.push(encodeFrame(message.subarray(at, at + room), isLast ? 0 : moreFollows));
  }
  return frames;
}

function encodeFrame(payload: Uint8Array, flags: number): Uint8Array {
  const frame = new Uint8Array(payload.length + frameOverhead);
  frame[0] = flags;
  frame.set(payload, 1);
  const end = payload.length + 1;
  new DataView(frame.buffer).setUint32(end, crc32(frame, end), true);
  return frame;
}

/** Puts messages together again, never more than `maxMessageBytes` of one, and in memory of about that size, however many frames it came in. */
export class FrameReader {
  /** May be raised once the peer is known. */
  maxMessageBytes: number;
  /** The first `#bytes` of it are what has come of a message in several frames. */
  #begun: Uint8Array = nothing;
  #bytes = 0;

  constructor(maxMessageBytes: number) {
    this.maxMessageBytes = maxMessageBytes;
  }

  /** The message that this frame completes, or `undefined` when more follow. Throws `message-malformed` or `message-too-large`. */
  read(frame: Uint8Array): Uint8Array | undefined {
    const flags = checkFrame(frame);
    const payload = frame.subarray(1, frame.length - 4);
    if (this.#bytes + payload.length > this.maxMessageBytes) {
      throw new VirmoError('message-too-large', `a message of more than ${this.maxMessageBytes} bytes`);
    }
    if (flags !== moreFollows && this.#bytes === 0) return payload;
    this.#append(payload);
    return flags === moreFollows ? undefined : this.#take();
  }

  #append(payload: Uint8Array): void {
    const needed = this.#bytes + payload.length;
    if (needed > this.#begun.length) {
      const larger = new Uint8Array(Math.min(this.maxMessageBytes, 2 * needed));
      larger.set(this.#begun.subarray(0, this.#bytes));
      this.#begun = larger;
    }
    this.#begun.set(payload, this.#bytes);
    this.#bytes = needed;
  }

  #take(): Uint8Array {
    const message = this.#begun.subarray(0, this.#bytes);
    this.#begun = nothing;
    this.#bytes = 0;
    return message;
  }
}

const nothing = new Uint8Array(0);

/** Checks a frame's form and gives its flags. */
function checkFrame(frame: Uint8Array): number {
  const end = frame.length - 4;
  if (end < 1) throw new VirmoError('message-malformed', `a frame of ${frame.length} bytes`);
  const said = new DataView(frame.buffer, frame.byteOffset).getUint32(end, true);
  if (said !== crc32(frame, end)) throw new VirmoError('message-malformed', 'a frame with a wrong checksum');
  const flags = frame[0] ?? 0;
  if (flags !== 0 && flags !== moreFollows)
    throw new VirmoError('message-malformed', `a frame with flags ${flags}`);
  if (flags === moreFollows && end === 1)
    throw new VirmoError('message-malformed', 'a frame of nothing that more follow');
  return flags;
}
