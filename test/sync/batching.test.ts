import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/wire/message.ts';
import { content, type Line, Meeting, type TestPort, write } from './meeting.ts';

function connected(meeting: Meeting, vm: string, mos: readonly string[]): Line & { readonly mos: object } {
  const replicas = Object.fromEntries(mos.map((mo) => [mo, meeting.replica(vm)]));
  const line = meeting.connect(vm, replicas);
  line.carry();
  return Object.assign(line, { mos: replicas });
}

const types = (port: TestPort): Message['type'][] => port.messages.map(({ type }) => type);

describe('[Y1] what happens in one turn goes in one message per management object:', () => {
  it('commands of a VM', () => {
    const meeting = new Meeting();
    const [a, b] = ['a', 'b'].map((mo) => meeting.serve(mo));
    const replicas = { a: meeting.replica('game'), b: meeting.replica('game') };
    const line = meeting.connect('game', replicas);
    line.carry();
    for (let count = 0; count < 100; count++) {
      write(replicas.a, { [`A${count}`]: 'x' });
      write(replicas.b, { [`B${count}`]: 'x' });
    }
    line.follower.flush();
    expect(types(line.up)).toEqual(['branch', 'branch']);
    line.follower.flush();
    expect(types(line.up)).toEqual(['branch', 'branch']);
    line.carry();
    expect(Object.keys(content(a?.replica ?? replicas.a))).toHaveLength(100);
    expect(Object.keys(content(b?.replica ?? replicas.b))).toHaveLength(100);
  });

  it('what many VMs said, at the hub', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const vms = ['a', 'b', 'c'].map((vm) => {
      const replica = meeting.replica(vm);
      const line = meeting.connect(vm, { fumo: replica });
      line.carry();
      return { vm, replica, line };
    });
    for (const { line } of vms) line.carry();
    for (let count = 0; count < 20; count++) {
      for (const { vm, replica, line } of vms) {
        write(replica, { [`${vm}${count}`]: 'x' });
        line.follower.flush();
        line.carryUp();
      }
    }
    meeting.write();
    for (const { line } of vms) {
      line.hub.flush();
      expect(types(line.down)).toEqual(['news']);
      line.hub.flush();
      expect(types(line.down)).toEqual(['news']);
      expect(line.down.messages[0]).toMatchObject({ judgedUpTo: 20 });
      line.carry();
    }
    expect(vms.map(({ replica }) => content(replica))).toEqual(Array(3).fill(content(served.replica)));
    expect(Object.keys(content(served.replica))).toHaveLength(60);
  });

  it('nothing, when there is nothing to say', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const line = connected(meeting, 'game', ['fumo']);
    meeting.write();
    line.hub.flush();
    line.follower.flush();
    expect([...types(line.up), ...types(line.down)]).toEqual([]);
  });

  it('that something became durable is told by itself', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    write(replica, { A: '1' });
    line.carry();
    expect([replica.isMerged, replica.isDelivered]).toEqual([true, false]);
    served.durable();
    line.hub.flush();
    expect(line.down.messages).toMatchObject([
      { type: 'news', update: new Uint8Array(0), durablePlace: served.hub.place },
    ]);
    line.carry();
    expect(replica.isDelivered).toBe(true);
  });

  it('that something became durable is told on the next connection too, to whom it concerns', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    const first = meeting.connect('game', { fumo: replica });
    first.carry();
    write(replica, { A: '1' });
    first.carry();
    const second = meeting.connect('game', { fumo: replica });
    second.carry();
    expect([replica.isMerged, replica.isDelivered]).toEqual([true, false]);
    served.durable();
    second.hub.flush();
    expect(types(second.down)).toEqual(['news']);
    second.carry();
    expect(replica.isDelivered).toBe(true);
  });

  it('that something became durable is not told by itself to a VM that waits for nothing', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const line = connected(meeting, 'a', ['fumo']);
    write(served.replica, { A: '1' });
    meeting.write();
    line.carry();
    served.durable();
    line.hub.flush();
    expect(line.down.messages).toEqual([]);
  });

  it('a hub knows to whom it owes an answer', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const replica = meeting.replica('a');
    const writer = meeting.connect('a', { fumo: replica });
    const reader = connected(meeting, 'b', ['fumo']);
    writer.carry();
    write(replica, { A: '1' });
    writer.follower.flush();
    writer.carryUp();
    expect([writer.hub.owesAnswer, reader.hub.owesAnswer]).toEqual([true, false]);
    meeting.write();
    writer.hub.flush();
    expect(writer.hub.owesAnswer).toBe(false);
  });
});

describe('[Y1] many management objects on one channel', () => {
  it('are kept apart', () => {
    const meeting = new Meeting();
    const mos = Array.from({ length: 100 }, (_, number) => `mo${number}`);
    const served = mos.map((mo) => meeting.serve(mo));
    const replicas = Object.fromEntries(mos.map((mo) => [mo, meeting.replica('game')]));
    const line = meeting.connect('game', replicas);
    for (const mo of mos) write(replicas[mo] ?? meeting.replica('x'), { Name: mo });
    line.carry();
    expect(served.map(({ replica }) => content(replica).Name)).toEqual(mos);
  });
});

describe('[Y6] a branch update is bounded, however much waits:', () => {
  it('in records', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    for (let count = 0; count < 2_500; count++) write(replica, { [`A${count}`]: 'x' });
    const line = meeting.connect('game', { fumo: replica });
    line.carryUp();
    line.carryDown();
    line.carryUp();
    line.carryDown();
    line.follower.flush();
    expect(types(line.up)).toEqual(['branch', 'branch', 'branch']);
    line.carry();
    expect(replica.isMerged).toBe(true);
    expect(Object.keys(content(served.replica))).toHaveLength(2_500);
  });

  it('in bytes, so that a hub takes everything that a VM wrote while it was alone', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    for (let count = 0; count < 40; count++) write(replica, { [`A${count}`]: '漢'.repeat(150_000) });
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    expect(replica.isMerged).toBe(true);
    expect(Object.keys(content(served.replica))).toHaveLength(40);
  });

  it('but a command is never divided', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    write(replica, Object.fromEntries(Array.from({ length: 2_500 }, (_, at) => [`A${at}`, 'x'])));
    write(replica, { B: '1' });
    line.follower.flush();
    expect(types(line.up)).toEqual(['branch', 'branch']);
  });
});

describe('[Y6] a VM whose channel does not keep up', () => {
  it('sends nothing more until it does, and overwrites of what waits add nothing', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    write(replica, { A: 'first' });
    line.carry();
    line.up.isReady = false;
    for (let count = 0; count < 1_000; count++) {
      write(replica, { A: `${count}` });
      line.follower.flush();
    }
    expect(types(line.up)).toEqual([]);
    line.up.isReady = true;
    line.follower.flush();
    expect(line.up.bytes).toBeLessThan(300);
    line.carry();
    expect(content(served.replica)).toEqual({ A: '999' });
  });
});
