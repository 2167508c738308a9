import { type Channel, type CloseReason, VirmoError } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { ChannelPort } from '../../src/vm/channel-port.ts';
import { settle } from './bed.ts';

/** A channel whose sends fail as the test says, and which remembers for what it was closed. */
function failing(error: Error, maxMessageBytes = 1_000): { channel: Channel; closed: CloseReason[] } {
  const closed: CloseReason[] = [];
  const close = async (reason?: CloseReason): Promise<void> => {
    closed.push(reason ?? { code: 'normal', reason: '' });
  };
  const channel: Channel = {
    peer: { kind: 'none' },
    maxMessageBytes,
    send: () => Promise.reject(error),
    close,
    async *[Symbol.asyncIterator]() {
      await new Promise(() => undefined);
      yield new Uint8Array(0);
    },
    [Symbol.asyncDispose]: () => close(),
  };
  return { channel, closed };
}

describe('a port', () => {
  it.each([new VirmoError('channel-closed', 'gone'), new Error('something else')])(
    'whose channel fails to send (%s) holds nothing back, and still closes the channel',
    async (error) => {
      const { channel, closed } = failing(error);
      const port = new ChannelPort(channel, () => undefined);
      port.send(new Uint8Array(100));
      await port.whenTaken();
      await settle(1);
      expect(port.isReady).toBe(true);
      port.close('peer-silent', 'nothing heard');
      expect(closed).toEqual([{ code: 'peer-silent', reason: 'nothing heard' }]);
    },
  );

  it('closes a channel that takes too little for a session at once', () => {
    const { channel, closed } = failing(new Error('never sent'), 31);
    const port = new ChannelPort(channel, () => undefined);
    expect(closed).toMatchObject([{ code: 'channel-failed' }]);
    expect(port.maxFrameBytes).toBe(32);
  });
});
