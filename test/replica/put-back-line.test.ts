import { describe, expect, it } from 'vitest';
import { exportCanonical } from '../../src/replica/export.ts';
import { Replica } from '../../src/replica/replica.ts';
import { expectEqual } from './check.ts';
import type { Group } from './group.ts';
import { keptBy, scene } from './put-back-scene.ts';
import { addLeaf, happened, read, set } from './writes.ts';

/** Has the hub begin anew, as a process whose memory can be put back to this moment, by calling what this gives: then it goes on under the same identities, and draws other numbers. */
function imageOfHub(group: Group): () => void {
  const { hub } = group;
  const stored = [...hub.stored];
  const drawn: number[] = [];
  const revive = (random53: () => number): void => {
    for (const follower of group.followers) follower.cut();
    hub.stored = [...stored];
    hub.replica = new Replica({ vm: 'hub', now: () => group.nowMs, random53, cleaningSlack: 0 }, stored);
    hub.hub = hub.replica.serve();
    hub.flush();
  };
  let isDrawn = false;
  revive(() => {
    const number = group.random53();
    if (!isDrawn) drawn.push(number);
    return number;
  });
  isDrawn = true;
  return () => {
    const before = [...drawn];
    revive(() => before.shift() ?? group.random53());
  };
}

/** Until what was overwritten is in the hub's log no more (rule D5). */
function writeUntilCleaned({ hub }: Group): void {
  for (let n = 0; n < 40; n++) set(hub, './L', `line two, ${n}`);
}

function listed({ hub }: Group): string[] {
  return hub.hub.lost.list().map(({ vm, uri, content }) => `${vm} ${uri} ${content.kind}`);
}

describe('[Y4] a hub whose memory was put back', () => {
  it('writes on under its old identity: who has the other line gets all of main', () => {
    const { group, a } = scene();
    const putBack = imageOfHub(group);
    group.settle();
    set(group.hub, './L', 'line one');
    group.settle();
    putBack();
    set(group.hub, './L', 'line two');
    set(group.hub, './L', 'line two, longer');
    group.settle();
    for (const site of [group.hub, a]) expect(read(site, './L')).toBe('line two, longer');
    expect(exportCanonical(a.replica.root)).toBe(exportCanonical(group.hub.replica.root));
  });

  it('lists what it had written itself, and lost, though it went on under the same write ids', () => {
    const { group } = scene();
    addLeaf(group.hub, './Of_hub', 'old');
    group.settle();
    const putBack = imageOfHub(group);
    group.settle();
    set(group.hub, './L', 'line one');
    set(group.hub, './Of_hub', 'line one');
    group.settle();
    putBack();
    writeUntilCleaned(group);
    group.settle();
    // The other is overwritten by the hub itself.
    expect(listed(group)).toEqual(['hub ./Of_hub value']);
    expect(group.followers.map((site) => read(site, './Of_hub'))).toEqual(['old', 'old']);
    group.hub.restart();
    group.settle();
    expect(listed(group)).toEqual(['hub ./Of_hub value']);
  });

  it('[M8] lists also what it wrote to a leaf under the write id of something earlier that it has there', () => {
    const { group, a } = scene();
    addLeaf(group.hub, './Other', 'old');
    group.settle();
    const putBack = imageOfHub(group);
    group.settle();
    set(group.hub, './L', 'line one');
    const lineOne = [...group.hub.stored];
    putBack();
    group.nowMs += 1_000;
    set(group.hub, './L', 'line two');
    group.settle();
    group.hub.putBack(lineOne);
    group.settle();
    expect([read(a, './L'), listed(group)]).toEqual(['line one', ['hub ./L value']]);
    for (let n = 0; n < 600; n++) set(group.hub, './Other', `${n}`);
    group.settle();
    a.restart();
    group.settle();
    expect(listed(group)).toEqual(['hub ./L value']);
  });

  it('lists nothing that it wrote before, and another VM overwrote since', () => {
    const { group, a, b } = scene();
    addLeaf(group.hub, './Other', 'old');
    set(group.hub, './L', 'before');
    const putBack = imageOfHub(group);
    group.settle();
    set(group.hub, './Other', 'line one');
    group.settle();
    b.cut();
    putBack();
    set(a, './L', 'of a');
    a.exchange();
    writeUntilCleaned(group);
    group.settle();
    expect(happened(b, 'rebuilt')).toBe(1);
    // The other VM, which was there when something else was written under that id, keeps it under another.
    const [lost] = group.hub.hub.lost.list();
    expect([listed(group), lost?.reportedBy]).toEqual([['hub ./Other value'], ['a', 'b']]);
    group.hub.hub.lost.dismiss([lost?.id ?? '']);
    group.hub.flush();
    group.settle();
    expect([listed(group), keptBy(a), keptBy(b)]).toEqual([[], [], []]);
  });
});

describe('[Y4] a hub that was put back', () => {
  it('[D4] [M8] shares with a copy that was ahead all that was written before: what its VM saw of that is no conflict', () => {
    const { group, a } = scene();
    for (let n = 0; n < 5; n++) set(group.hub, './L', `before ${n}`);
    group.settle();
    const stored = [...group.hub.stored];
    addLeaf(group.hub, './M', 'lost');
    a.exchange();
    a.cut();
    set(a, './L', 'of a');
    group.hub.putBack(stored);
    group.settle();
    expect(happened(a, 'rebuilt')).toBe(1);
    expect(read(group.hub, './L')).toBe('of a');
    expect(happened(group.hub, 'conflict')).toBe(0);
    expectEqual(group);
  });

  it('[D4] [M8] forgot places that brought nothing: what others write there then nobody has seen, and a conflict is told', () => {
    const { group, a, b } = scene();
    b.cut();
    set(b, './L', 'same');
    group.nowMs += 1_000;
    set(group.hub, './L', 'same');
    a.exchange();
    const stored = [...group.hub.stored];
    b.exchange();
    b.cut();
    a.cut();
    a.exchange();
    a.cut();
    group.nowMs += 2_000;
    set(a, './L', 'of a');
    group.hub.putBack(stored);
    group.nowMs -= 1_000;
    set(group.hub, './L', 'of the hub, that a has not seen');
    a.exchange();
    expect(happened(a, 'rebuilt')).toBe(0);
    expect(happened(group.hub, 'conflict')).toBe(1);
  });

  it('is another line also to a VM that followed the lost one, came back, and serves from then on', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    addLeaf(group.hub, './M', 'lost');
    group.settle();
    b.cut();
    group.hub.putBack(stored);
    a.exchange();
    a.cut();
    group.hub.stored = [...a.stored];
    const served = new Replica(
      { vm: 'a', now: () => group.nowMs, random53: () => group.random53() },
      a.stored,
    );
    const follower = b.replica.follow();
    expect(served.serve().admit('b', follower.state(), 0).isWhole).toBe(true);
  });

  it('is another line also where what it lost has no place of its own: who is a member', () => {
    const { group, a, b } = scene();
    const stored = [...group.hub.stored];
    const { place } = group.hub.hub;
    group.addFollower('c').exchange();
    group.settle();
    expect(group.hub.hub.place).toBe(place);
    for (const site of group.followers) site.cut();
    group.hub.putBack(stored);
    a.exchange();
    expect(happened(a, 'rebuilt')).toBe(1);
    const served = new Replica(
      { vm: 'a', now: () => group.nowMs, random53: () => group.random53() },
      a.stored,
    );
    expect(served.serve().admit('b', b.replica.follow().state(), 0).isWhole).toBe(true);
  });
});
