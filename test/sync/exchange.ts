/** The exchange that docs/protocol.md tells: a VM that wrote a leaf while it was alone meets its hub. Time and chance are fixed, so its bytes are always the same. */
import { Replica } from '../../src/replica/replica.ts';
import { FollowerSession } from '../../src/sync/follower-session.ts';
import { HubSession } from '../../src/sync/hub-session.ts';
import { decodeMessage } from '../../src/wire/codec.ts';
import { FrameReader } from '../../src/wire/frame.ts';
import { Served, TestPort } from './meeting.ts';

export interface Line {
  readonly from: 'VM' | 'hub';
  readonly type: string;
  readonly hex: string;
}

const nowMs = 1_700_000_000_000;

export function exchange(): readonly Line[] {
  let random = 100;
  const options = { now: () => nowMs, random53: () => ++random };
  const served = new Served(new Replica({ vm: 'device', ...options }));
  const game = new Replica({ vm: 'game', ...options });
  const tx = game.begin();
  const value = { format: 'chr', type: 'text/plain', data: 'hi' } as const;
  tx.add(game.root, 'A', { kind: 'leaf', value });
  tx.commit();

  const up = new TestPort();
  const down = new TestPort();
  const timing = { nowMs: 0, silenceMs: 5_000, maxMessageBytes: 1_000_000 };
  const nothing = (): void => undefined;
  const hub = new HubSession({
    vm: 'device',
    port: down,
    ...timing,
    maxOpenMos: 1,
    listener: {
      greeted: () => hub.admitted(),
      served: (mo) => (mo === 'demo' ? served : undefined),
      opened: nothing,
      parted: nothing,
      dirty: nothing,
    },
  });
  const vm = new FollowerSession({
    vm: 'game',
    credentials: 'secret',
    process: 105,
    dial: 1,
    port: up,
    ...timing,
    listener: { welcomed: nothing, synced: nothing, closed: nothing, received: nothing },
  });
  vm.open('demo', { replica: game, seenPlace: 1 });

  const lines: Line[] = [];
  const carry = (): void => {
    for (const frame of up.frames.splice(0)) {
      lines.push(lineOf('VM', frame));
      hub.receive(frame, 0);
    }
    for (const frame of down.frames.splice(0)) {
      lines.push(lineOf('hub', frame));
      vm.receive(frame, 0);
    }
  };
  carry();
  carry();
  vm.flush();
  carry();
  served.hub.write();
  hub.flush();
  carry();
  served.durable();
  hub.flush();
  carry();
  vm.tick(2_000);
  carry();
  vm.end('normal', 'bye');
  carry();
  return lines;
}

function lineOf(from: Line['from'], frame: Uint8Array): Line {
  const message = new FrameReader(frame.length).read(frame);
  const type = message === undefined ? '' : decodeMessage(message).type;
  return { from, type, hex: Buffer.from(frame).toString('hex') };
}
