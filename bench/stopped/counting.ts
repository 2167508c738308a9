/** A dialer that counts what its channels bring. */
import type { Channel, Dialer } from 'virmo-sync';

/** What was received: frames, which carry messages of up to 64 KiB whole. */
export interface Received {
  frames: number;
  bytes: number;
}

/** Adds to `received` whatever comes over channels of this dialer. */
export function counting(dialer: Dialer, received: Received): Dialer {
  return { dial: async (options) => countingChannel(await dialer.dial(options), received) };
}

function countingChannel(channel: Channel, received: Received): Channel {
  return {
    peer: channel.peer,
    maxMessageBytes: channel.maxMessageBytes,
    send: (message) => channel.send(message),
    close: (reason) => channel.close(reason),
    async *[Symbol.asyncIterator]() {
      for await (const frame of channel) {
        received.frames++;
        received.bytes += frame.byteLength;
        yield frame;
      }
    },
    [Symbol.asyncDispose]: () => channel.close(),
  };
}
