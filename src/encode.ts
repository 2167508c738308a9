/** Encoding by lib0 into one buffer that is used again: making buffers costs more than filling them. */
import * as encoding from 'lib0/encoding';

/** A larger buffer is not kept. */
const maxKeptBytes = 65_536;

/** Taken while something is encoded, so that encoding inside of that gets a buffer of its own. */
let spare: encoding.Encoder | undefined;

/** The bytes that `write` writes, as an array of their own. */
export function encode(write: (encoder: encoding.Encoder) => void): Uint8Array {
  const encoder = spare ?? encoding.createEncoder();
  spare = undefined;
  write(encoder);
  const bytes = encoding.toUint8Array(encoder);
  if (encoder.cbuf.length <= maxKeptBytes) {
    encoder.cpos = 0;
    encoder.bufs = [];
    spare = encoder;
  }
  return bytes;
}
