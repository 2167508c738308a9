import { describe, expect, it } from 'vitest';
import type { Replica } from '../../src/replica/replica.ts';
import { content, Meeting, type Served, write } from './meeting.ts';

interface Scene {
  readonly meeting: Meeting;
  readonly served: Served;
  readonly vm: Replica;
  readonly line: ReturnType<Meeting['connect']>;
}

function scene(): Scene {
  const meeting = new Meeting();
  const served = meeting.serve('fumo');
  write(served.replica, { A: '1', B: '2' });
  const vm = meeting.replica('game');
  const line = meeting.connect('game', { fumo: vm });
  line.carry();
  return { meeting, served, vm, line };
}

/** The hub names what its tree comes to, or something else. */
function checkpoint({ served }: Scene, offBy = 0): void {
  served.hub.write();
  served.treeCheckpoint = { digest: served.hub.digest, treeHash: served.replica.treeHash + offBy };
}

describe('[Y4] trees that are compared at a place', () => {
  it('are equal in a VM that is in step, whatever was written before', () => {
    const all = scene();
    for (const value of ['x', 'y']) {
      write(all.served.replica, { A: value });
      write(all.vm, { B: value });
      all.line.carry();
      expect(all.vm.treeHash).toBe(all.served.replica.treeHash);
      checkpoint(all);
      all.line.carry();
    }
    expect(content(all.vm)).toEqual({ A: 'y', B: 'y' });
  });

  it('are told of once, and not to a VM whose main is elsewhere by then', () => {
    const all = scene();
    checkpoint(all);
    const checks = (): number => all.line.down.messages.filter(({ type }) => type === 'check').length;
    all.line.hub.flush();
    all.line.hub.flush();
    expect(checks()).toBe(1);
    checkpoint(all);
    write(all.served.replica, { A: '3' });
    all.served.hub.write();
    all.line.hub.flush();
    expect(checks()).toBe(1);
  });

  it('are compared, too, after a command that left nothing in main, of which nobody else was told', () => {
    const all = scene();
    const other = all.meeting.replica('other');
    const line = all.meeting.connect('other', { fumo: other });
    line.carry();
    for (const replica of [other, all.served.replica]) {
      all.meeting.nowMs += 1_000;
      const tx = replica.begin();
      tx.delete(replica.root.child('A') ?? replica.root);
      tx.commit();
    }
    all.line.carry();
    const { place, digest } = all.served.hub;
    line.follower.flush();
    line.carryUp();
    all.meeting.write();
    expect(all.served.hub).toMatchObject({ place: place + 1, digest });
    all.line.carry();
    expect(all.vm.place).toBe(place);
    checkpoint(all, 1);
    all.line.hub.flush();
    expect(() => all.line.carryDown()).toThrow(expect.objectContaining({ code: 'diverged' }));
  });

  it('are not compared while something of the VM itself is in its tree', () => {
    const all = scene();
    write(all.vm, { A: 'own' });
    checkpoint(all, 1);
    all.line.hub.flush();
    expect(() => all.line.carryDown()).not.toThrow();
  });

  it('that differ end the channel as diverged, and the VM gets all of main anew', () => {
    const all = scene();
    checkpoint(all, 1);
    all.line.hub.flush();
    expect(() => all.line.carryDown()).toThrow(expect.objectContaining({ code: 'diverged' }));
    all.line.follower.abandon();
    all.line.hub.abandon();
    expect(all.vm.meta).not.toBe(undefined);
    const heard: string[] = [];
    all.vm.observe(({ type }) => heard.push(type));
    const again = all.meeting.connect('game', { fumo: all.vm });
    again.carry();
    expect(heard).toContain('rebuilt');
    expect(content(all.vm)).toEqual({ A: '1', B: '2' });
    expect(all.vm.treeHash).toBe(all.served.replica.treeHash);
  });
});

describe('[Y4] the hash of a tree', () => {
  it('tells every property of every node', () => {
    const meeting = new Meeting();
    const seen = new Set<number>();
    const served = meeting.serve('fumo');
    const { replica } = served;
    const edit = (
      body: (tx: ReturnType<Replica['begin']>, leaf: ReturnType<Replica['nodeById']>) => void,
    ): void => {
      const tx = replica.begin();
      body(tx, replica.root.child('A'));
      tx.commit();
      expect(seen.has(replica.treeHash)).toBe(false);
      seen.add(replica.treeHash);
    };
    const leaf = (data: string) =>
      ({ kind: 'leaf', value: { format: 'chr', type: 'text/plain', data } }) as const;
    edit((tx) => tx.add(replica.root, 'A', leaf('1')));
    edit((tx, node) => node && tx.replaceValue(node, leaf('2').value));
    edit((tx, node) => node && tx.replaceAcl(node, 'Get=*'));
    edit((tx, node) => node && tx.replaceTitle(node, 'a title'));
    edit((tx) => tx.add(replica.root, 'I', { kind: 'interior', type: '' }));
    edit((tx, node) => node && tx.rename(node, 'B'));
    edit((tx) => tx.delete(replica.root.child('I') ?? replica.root));
  });
});
