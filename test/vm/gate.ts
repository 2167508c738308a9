/** Channels that are read only while a gate is open. */
import type { Channel, Dialer, Listener } from 'virmo-sync';

export class Gate {
  #opened: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  /** What passed, in bytes. */
  bytes = 0;

  hold(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open();
  }

  dialer(dialer: Dialer): Dialer {
    return { dial: async (options) => this.#channel(await dialer.dial(options)) };
  }

  listener(listener: Listener): Listener {
    const channels = (channel: Channel): Channel => this.#channel(channel);
    return {
      address: listener.address,
      close: () => listener.close(),
      async *[Symbol.asyncIterator]() {
        for await (const channel of listener) yield channels(channel);
      },
      [Symbol.asyncDispose]: () => listener.close(),
    };
  }

  /** One message is taken and waits at the gate; those behind it are not read. */
  #channel(channel: Channel): Channel {
    const pass = (message: Uint8Array): Promise<void> => {
      this.bytes += message.length;
      return this.#opened;
    };
    return {
      peer: channel.peer,
      maxMessageBytes: channel.maxMessageBytes,
      send: (message) => channel.send(message),
      close: (reason) => channel.close(reason),
      async *[Symbol.asyncIterator]() {
        for await (const message of channel) {
          await pass(message);
          yield message;
        }
      },
      [Symbol.asyncDispose]: () => channel.close(),
    };
  }
}
