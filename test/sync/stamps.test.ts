import { describe, expect, it } from 'vitest';
import type { Replica } from '../../src/replica/replica.ts';
import { content, type Line, Meeting, write } from './meeting.ts';

const minute = 60_000;

/** A VM whose clock goes wrong by `skew.ms`, in step with a hub whose clock is right. */
function skewed(): { meeting: Meeting; hub: Replica; game: Replica; line: Line; skew: { ms: number } } {
  const meeting = new Meeting();
  const hub = meeting.serve('fumo').replica;
  const skew = { ms: 0 };
  const game = meeting.replica('game', { now: () => meeting.beganMs + meeting.nowMs + skew.ms });
  const line = meeting.connect('game', { fumo: game });
  line.carry();
  return { meeting, hub, game, line, skew };
}

const stampOf = (replica: Replica, name: string): number => replica.root.child(name)?.timestamp ?? 0;

describe('[T3] a VM whose clock jumps ahead while it is in step', () => {
  it('begins anew by itself, with stamps that the hub takes, and nothing is lost', () => {
    const { meeting, hub, game, line, skew } = skewed();
    skew.ms = 10 * minute;
    write(game, { A: '1', B: '1' });
    write(game, { A: '2' });
    line.carry();
    expect(game.isMerged).toBe(true);
    expect(content(hub)).toEqual({ A: '2', B: '1' });
    expect(content(game)).toEqual(content(hub));
    expect(stampOf(hub, 'A')).toBeLessThanOrEqual(meeting.beganMs + meeting.nowMs);
    expect(line.heard.filter((word) => word === 'synced fumo')).toHaveLength(2);
    expect(line.closed.size).toBe(0);
  });

  it('writes on with the right time afterwards', () => {
    const { meeting, hub, game, line, skew } = skewed();
    skew.ms = 10 * minute;
    write(game, { A: '1' });
    line.carry();
    meeting.nowMs += 1_000;
    write(game, { A: '2' });
    line.carry();
    expect(line.heard.filter((word) => word === 'synced fumo')).toHaveLength(2);
    expect(stampOf(hub, 'A')).toBe(meeting.beganMs + meeting.nowMs);
  });

  it('and is put right again before it is heard: the stamps of before are made anew all the same', () => {
    const { meeting, hub, game, line, skew } = skewed();
    skew.ms = 10 * minute;
    write(game, { A: '1' });
    skew.ms = 0;
    write(game, { A: '2' });
    line.carry();
    expect(game.isMerged).toBe(true);
    expect(content(hub)).toEqual({ A: '2' });
    expect(stampOf(hub, 'A')).toBeLessThanOrEqual(meeting.beganMs + meeting.nowMs + minute);
    write(hub, { A: 'later' });
    line.carry();
    expect(content(game)).toEqual({ A: 'later' });
  });

  it('loses nothing of what was sent in the same turn and taken', () => {
    const { hub, game, line, skew } = skewed();
    write(game, { Before: '1' });
    skew.ms = 10 * minute;
    write(game, { A: '1' });
    skew.ms = 0;
    line.carry();
    expect(content(hub)).toEqual({ A: '1', Before: '1' });
    expect(content(game)).toEqual(content(hub));
    expect(game.isMerged).toBe(true);
  });

  it('does not disturb the other management objects of the channel', () => {
    const meeting = new Meeting();
    meeting.serve('a');
    const other = meeting.serve('b').replica;
    const skew = { ms: 0 };
    const now = (): number => meeting.beganMs + skew.ms;
    const a = meeting.replica('game', { now });
    const b = meeting.replica('game', { now });
    const line = meeting.connect('game', { a, b });
    line.carry();
    skew.ms = 10 * minute;
    write(a, { A: '1' });
    line.carry();
    write(other, { B: '1' });
    line.carry();
    expect(content(b)).toEqual({ B: '1' });
    expect(line.heard.filter((word) => word === 'synced b')).toHaveLength(1);
  });
});

describe('[T3] a VM that was alone with a wrong clock', () => {
  it.each([10 * minute, -10 * minute])('off by %d ms has its writes shifted at first contact', (ms) => {
    const meeting = new Meeting();
    const hub = meeting.serve('fumo').replica;
    const game = meeting.replica('game', { now: () => meeting.beganMs + meeting.nowMs + ms });
    write(game, { A: '1' });
    meeting.nowMs += 5_000;
    write(game, { B: '1' });
    const line = meeting.connect('game', { fumo: game });
    line.carry();
    expect(content(hub)).toEqual({ A: '1', B: '1' });
    expect(stampOf(hub, 'B') - stampOf(hub, 'A')).toBe(5_000);
    expect(stampOf(hub, 'B')).toBe(meeting.beganMs + meeting.nowMs);
  });
});

describe('[T1] two clones of a VM', () => {
  it('that write with the same stamp both get through: the second is stamped anew', () => {
    const meeting = new Meeting();
    const hub = meeting.serve('fumo').replica;
    const game = meeting.replica('game');
    write(game, { A: 'both know' });
    meeting.connect('game', { fumo: game }).carry();
    const clone = meeting.replica('game');
    meeting.connect('game', { fumo: clone }).carry();
    meeting.nowMs += 1_000;
    write(game, { A: 'one' });
    write(clone, { A: 'other' });
    const first = meeting.connect('game', { fumo: game });
    first.carry();
    const second = meeting.connect('game', { fumo: clone });
    second.carry();
    first.carry();
    expect(content(hub)).toEqual({ A: 'other' });
    expect(content(clone)).toEqual(content(hub));
    expect([game.isMerged, clone.isMerged]).toEqual([true, true]);
    expect(second.heard.filter((word) => word === 'synced fumo')).toHaveLength(2);
  });
});

describe('a command that the hub refuses', () => {
  it('[S3] leaves the tree, with the reason, and what comes after it goes on', () => {
    const meeting = new Meeting();
    const hub = meeting.serve('fumo').replica;
    const game = meeting.replica('game');
    const line = meeting.connect('game', { fumo: game });
    line.carry();
    const refusals: string[] = [];
    game.observe((event) => {
      if (event.type === 'refused') refusals.push(`${event.refusal.code}: ${event.refusal.reason}`);
    });
    const tx = game.begin();
    tx.replaceTitle(game.root, 'x'.repeat(256));
    tx.commit();
    write(game, { Fine: '1' });
    line.carry();
    expect(refusals).toHaveLength(1);
    expect(refusals[0]).toMatch(/^invalid: a Title/);
    expect(game.root.title).toBe('');
    expect(content(game)).toEqual({ Fine: '1' });
    expect(content(hub)).toEqual({ Fine: '1' });
    expect(game.isMerged).toBe(true);
  });
});
