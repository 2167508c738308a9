import { type MemoryNetwork, memoryNetwork } from 'virmo-sync/memory-transport';
import { describeTransport } from 'virmo-sync/testing';
import { describe, expect, it } from 'vitest';

let network: MemoryNetwork;

describeTransport({ describe, it }, 'memory', {
  open: async () => {
    network = memoryNetwork();
    return { listener: network.listen('hub'), dialer: network.dialer('hub') };
  },
  sever: () => network.cut(),
});

describe('a memory network', () => {
  it('connects by address, and tells the dialer’s end who it talks to', async () => {
    const net = memoryNetwork();
    await using left = net.listen('left');
    await using right = net.listen('right');
    const near = await net.dialer('right').dial();
    const far = (await right[Symbol.asyncIterator]().next()).value;
    expect(near.peer).toEqual({ kind: 'address', address: 'right' });
    expect(far?.peer).toEqual({ kind: 'none' });
    expect(left.address).toBe('left');
  });

  it('has one listener at an address at a time', async () => {
    const net = memoryNetwork();
    const first = net.listen('hub');
    expect(() => net.listen('hub')).toThrow(RangeError);
    await first.close();
    await using second = net.listen('hub');
    expect(second.address).toBe('hub');
  });

  it('refuses dials while it is cut, and takes them when it is healed', async () => {
    const net = memoryNetwork();
    await using listener = net.listen('hub');
    net.cut();
    await expect(net.dialer('hub').dial()).rejects.toMatchObject({ code: 'channel-failed' });
    net.heal();
    await using channel = await net.dialer(listener.address).dial();
    expect(channel.maxMessageBytes).toBe(16 * 1024 * 1024);
  });

  it('refuses a dial when 128 channels wait to be accepted', async () => {
    const net = memoryNetwork();
    await using listener = net.listen('hub');
    const dialer = net.dialer(listener.address);
    await Promise.all(Array.from({ length: 128 }, () => dialer.dial()));
    await expect(dialer.dial()).rejects.toMatchObject({ code: 'channel-failed' });
  });

  it('closes the channels that nobody accepted when the listener is closed', async () => {
    const net = memoryNetwork();
    const listener = net.listen('hub');
    const near = await net.dialer('hub').dial();
    await listener.close();
    expect(await near[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
  });

  it('leaves room for timers and I/O while two ends answer each other for ever', async () => {
    const net = memoryNetwork();
    await using listener = net.listen('hub');
    await using near = await net.dialer('hub').dial();
    const echo = async (channel: AsyncIterable<Uint8Array> & typeof near): Promise<void> => {
      for await (const message of channel) await channel.send(message).catch(() => undefined);
    };
    for await (const far of listener) {
      void echo(far);
      break;
    }
    void echo(near);
    await near.send(Uint8Array.of(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('throws for limits that are none', () => {
    for (const bytes of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => memoryNetwork({ maxMessageBytes: bytes })).toThrow(RangeError);
      expect(() => memoryNetwork({ queueBytes: bytes })).toThrow(RangeError);
    }
  });

  it('takes the limits it is given', async () => {
    const net = memoryNetwork({ maxMessageBytes: 10, queueBytes: 100 });
    await using listener = net.listen('hub');
    await using near = await net.dialer(listener.address).dial();
    await expect(near.send(new Uint8Array(11))).rejects.toMatchObject({ code: 'message-too-large' });
    const full = near.send(new Uint8Array(10));
    const waiting = near.send(new Uint8Array(10));
    expect(await Promise.race([full, waiting.then(() => 'too early')])).toBeUndefined();
  });
});
