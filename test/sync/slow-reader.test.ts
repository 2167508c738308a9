import { describe, expect, it } from 'vitest';
import type { Replica } from '../../src/replica/replica.ts';
import { content, type Line, Meeting, type Served, write } from './meeting.ts';

interface Slow {
  readonly meeting: Meeting;
  readonly served: Served;
  readonly replica: Replica;
  readonly line: Line;
}

/** A VM in step that reads nothing any more. */
function slowReader(): Slow {
  const meeting = new Meeting();
  const served = meeting.serve('fumo');
  write(served.replica, { Before: 'it stopped' });
  const replica = meeting.replica('slow');
  const line = meeting.connect('slow', { fumo: replica });
  line.carry();
  line.down.isReady = false;
  return { meeting, served, replica, line };
}

function writeAt({ meeting, served, line }: Slow, values: Readonly<Record<string, string>>): void {
  write(served.replica, values);
  meeting.write();
  line.hub.flush();
}

describe('[Y6] a VM that does not read', () => {
  it('is sent nothing until it does, and then everything in one message', () => {
    const slow = slowReader();
    for (let count = 0; count < 50; count++) writeAt(slow, { [`A${count}`]: 'x' });
    expect(slow.line.down.frames).toEqual([]);
    slow.line.down.isReady = true;
    slow.line.hub.flush();
    expect(slow.line.down.messages.map(({ type }) => type)).toEqual(['news']);
    slow.line.carry();
    expect(content(slow.replica)).toEqual(content(slow.served.replica));
  });

  it('gets one difference instead of a thousand overwrites: what waits for it is bounded', () => {
    const slow = slowReader();
    for (let count = 0; count < 2_000; count++) writeAt(slow, { A: `${count}`.padEnd(10_000) });
    slow.line.down.isReady = true;
    slow.line.hub.flush();
    // 20 MB were written; cleaning (rule D5) leaves some 500 records in the log, and the difference holds no more.
    expect(slow.line.down.bytes).toBeLessThan(7_000_000);
    expect(slow.line.down.messages).toHaveLength(1);
    slow.line.carry();
    expect(content(slow.replica)).toEqual(content(slow.served.replica));
  });

  it('has no more kept for it than 1 MiB and one update, however much is written, and is said to be behind', () => {
    const slow = slowReader();
    const most = { bytes: 0, wasBehind: false };
    for (let count = 0; count < 3_000; count++) {
      writeAt(slow, { [`A${count % 10}`]: `${count}`.padEnd(4_000) });
      const owed = slow.line.hub.owed(slow.served);
      most.bytes = Math.max(most.bytes, owed?.queuedBytes ?? Number.NaN);
      most.wasBehind ||= owed?.isBehind === true && owed.queuedBytes === 0;
    }
    expect(most.bytes).toBeLessThan(1_048_576 + 5_000);
    expect(most.wasBehind).toBe(true);
    slow.line.down.isReady = true;
    slow.line.carry();
    expect(slow.line.hub.owed(slow.served)).toEqual({ queuedBytes: 0, isBehind: false });
    expect(content(slow.replica)).toEqual(content(slow.served.replica));
  });

  it('converges also when it wrote itself meanwhile, and hears what became of that', () => {
    const slow = slowReader();
    for (let count = 0; count < 30; count++) {
      write(slow.replica, { Mine: `${count}` });
      slow.line.follower.flush();
      slow.line.carryUp();
      writeAt(slow, { [`A${count}`]: 'x'.repeat(60_000) });
    }
    expect(slow.replica.isMerged).toBe(false);
    slow.line.down.isReady = true;
    slow.line.carry();
    expect(slow.replica.isMerged).toBe(true);
    expect(content(slow.replica)).toEqual(content(slow.served.replica));
    expect(content(slow.replica).Mine).toBe('29');
  });

  it('does not hold up the others', () => {
    const slow = slowReader();
    const other = slow.meeting.replica('other');
    const line = slow.meeting.connect('other', { fumo: other });
    line.carry();
    for (let count = 0; count < 30; count++) {
      writeAt(slow, { [`A${count}`]: 'x'.repeat(60_000) });
      line.carry();
    }
    expect(content(other)).toEqual(content(slow.served.replica));
    expect(slow.line.down.frames).toEqual([]);
  });

  it('goes on with single updates after it caught up', () => {
    const slow = slowReader();
    for (let count = 0; count < 30; count++) writeAt(slow, { [`A${count}`]: 'x'.repeat(60_000) });
    slow.line.down.isReady = true;
    slow.line.carry();
    writeAt(slow, { After: 'it caught up' });
    expect(slow.line.down.bytes).toBeLessThan(500);
    slow.line.carry();
    expect(content(slow.replica)).toEqual(content(slow.served.replica));
  });
});
