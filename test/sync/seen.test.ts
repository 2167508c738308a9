import { describe, expect, it } from 'vitest';
import { isForgetRecord } from '../../src/replica/record.ts';
import type { Replica } from '../../src/replica/replica.ts';
import type { FollowedMo } from '../../src/sync/follower-session.ts';
import type { Message } from '../../src/wire/message.ts';
import { lookAfter } from '../replica/look-after.ts';
import { content, type Line, Meeting, type Served, write } from './meeting.ts';

interface Scene {
  readonly meeting: Meeting;
  readonly served: Served;
  readonly line: Line;
  readonly copy: { seenPlace: number } & FollowedMo;
}

/** A hub, and a VM in step with it that has main on its disk up to where the test says. */
function scene(): Scene {
  const meeting = new Meeting();
  const served = meeting.serve('fumo');
  write(served.replica, { A: '1' });
  const copy = { replica: meeting.replica('game'), seenPlace: 0 };
  const line = meeting.connect('game');
  line.follower.open('fumo', copy);
  line.carry();
  return { meeting, served, line, copy };
}

/** What the VM says in one tick. */
function tick({ meeting, line }: Scene): Message[] {
  line.follower.tick(meeting.nowMs);
  const said = line.up.messages;
  line.carry();
  return said;
}

describe('[X3] a VM', () => {
  it('tells how far it has main on its disk, with its ticks, when that has advanced', () => {
    const now = scene();
    expect(tick(now)).toEqual([]);
    now.copy.seenPlace = 1;
    expect(tick(now)).toEqual([{ type: 'seen', channel: 1, place: 1 }]);
    expect(tick(now)).toEqual([]);
    write(now.served.replica, { A: '2' });
    now.line.carry();
    expect(tick(now)).toEqual([]);
    now.copy.seenPlace = 2;
    expect(tick(now)).toEqual([{ type: 'seen', channel: 1, place: 2 }]);
  });

  it('tells it anew when it opens the management object anew, and not while its channel does not keep up', () => {
    const now = scene();
    now.copy.seenPlace = 1;
    tick(now);
    now.line.follower.close('fumo');
    now.line.follower.open('fumo', now.copy);
    expect(
      tick(now).map(({ type }) => type),
      'it is not opened yet',
    ).toEqual(['closed', 'open']);
    now.line.up.isReady = false;
    expect(tick(now)).toEqual([]);
    now.line.up.isReady = true;
    expect(tick(now)).toEqual([{ type: 'seen', channel: 2, place: 1 }]);
  });
});

describe('[X3] a hub', () => {
  it('lets a VM tell it of what is not open: that may have crossed the closing', () => {
    const { served, line, copy } = scene();
    line.tellHub({ type: 'seen', channel: 7, place: 1 });
    write(served.replica, { B: 'goes on' });
    line.carry();
    expect(content(copy.replica)).toEqual({ A: '1', B: 'goes on' });
  });

  it('is not told before it has welcomed, nor does it tell: both are malformed', () => {
    const malformed = expect.objectContaining({ code: 'message-malformed' });
    const stranger = new Meeting({ admits: false }).connect('game');
    stranger.carry();
    expect(() => stranger.tellHub({ type: 'seen', channel: 1, place: 1 })).toThrow(malformed);
    const { line } = scene();
    expect(() => line.tellVm({ type: 'seen', channel: 1, place: 1 })).toThrow(malformed);
  });

  it('writes into main what it forgets, when all that hold main have told that they have seen it', () => {
    const { meeting, served, line, copy } = scene();
    const phone = { replica: meeting.replica('phone'), seenPlace: 0 };
    const other = meeting.connect('phone');
    other.follower.open('fumo', phone);
    other.carry();
    write(copy.replica, { A: 'game' });
    write(phone.replica, { A: 'phone' });
    for (const each of [line, other, line]) each.carry();
    served.durable();
    meeting.nowMs += 3_600_000;
    const told: number[] = [];
    const { place } = served.hub;
    for (const [vm, each] of [
      [copy, line],
      [phone, other],
    ] as const) {
      vm.seenPlace = place;
      each.follower.tick(0);
      each.carry();
      lookAfter(served.hub, served.durablePlace);
      line.carry();
      told.push(forgotten(copy.replica));
    }
    expect(told).toEqual([0, place]);
  });
});

/** Up to where main says that everything is forgotten. */
function forgotten(replica: Replica): number {
  return Math.max(0, ...[...replica.records()].filter(isForgetRecord).map(({ content }) => content.upTo));
}
