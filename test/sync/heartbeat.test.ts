import { describe, expect, it } from 'vitest';
import { type Line, Meeting, silenceMs, type TestPort, write } from './meeting.ts';

const silent = expect.objectContaining({ name: 'VirmoError', code: 'peer-silent' });
const step = silenceMs / 5;

/** Time passes for both sides, in the steps in which the shell calls them. */
function pass(meeting: Meeting, line: Line, ms: number, between: () => void = () => undefined): void {
  const end = meeting.nowMs + ms;
  while (meeting.nowMs < end) {
    meeting.nowMs += step;
    line.hub.tick(meeting.nowMs);
    line.follower.tick(meeting.nowMs);
    between();
  }
}

describe('[Y6] a peer that falls silent', () => {
  it('is given up by the VM within the time of silence, not before', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    const began = meeting.nowMs;
    expect(() => pass(meeting, line, 10 * silenceMs, () => line.carryUp())).toThrow(silent);
    expect(meeting.nowMs - began).toBe(silenceMs);
  });

  it('is given up by the hub within the time of silence, not before', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    const began = meeting.nowMs;
    expect(() => pass(meeting, line, 10 * silenceMs, () => line.carryDown())).toThrow(silent);
    expect(meeting.nowMs - began).toBe(silenceMs);
  });

  it('is given up although it takes everything that is sent: an open channel proves nothing', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const line = meeting.connect('game', { fumo: meeting.replica('game') });
    line.carry();
    const swallow = (): void => {
      write(served.replica, { A: String(meeting.nowMs) });
      meeting.write();
      line.hub.flush();
      line.down.frames.length = 0;
    };
    expect(() => pass(meeting, line, 10 * silenceMs, swallow)).toThrow(silent);
  });

  it('is not the one who has nothing to say: both ask, and both answer', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    pass(meeting, line, 100 * silenceMs, () => line.carry());
  });

  it('is asked once, and again only after a while', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    for (let ms = 0; ms < silenceMs - 10; ms += 10) {
      meeting.nowMs += 10;
      line.hub.tick(meeting.nowMs);
    }
    expect(line.down.messages).toEqual([{ type: 'ping' }, { type: 'ping' }]);
  });

  it('is not asked while it speaks', () => {
    const meeting = new Meeting();
    meeting.serve('fumo');
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    pass(meeting, line, 10 * silenceMs, () => {
      write(replica, { A: String(meeting.nowMs) });
      line.follower.flush();
      line.carryUp();
      expect(line.down.messages.filter(({ type }) => type === 'ping')).toEqual([]);
      line.hub.flush();
      line.carryDown();
    });
  });

  it('is a stranger who never says hello, however lively it is', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.up.frames.length = 0;
    const chatter = (): void => {
      for (; meeting.nowMs < 3 * silenceMs; meeting.nowMs += step) {
        line.tellHub({ type: 'ping' });
        line.hub.tick(meeting.nowMs);
      }
    };
    expect(chatter).toThrow(silent);
    expect(meeting.nowMs).toBe(silenceMs);
  });

  it('is not a VM that waits to be admitted', () => {
    const meeting = new Meeting({ admits: false });
    const line = meeting.connect('game');
    line.carry();
    pass(meeting, line, 10 * silenceMs, () => line.carry());
    line.hub.admitted();
    line.carry();
    expect(line.heard.at(-1)).toBe('welcomed by hub');
  });
});

describe('[Y6] a large message on a slow channel', () => {
  /** So many bytes pass in each direction in one step. */
  const perStep = 200_000;

  it('from the hub is life enough for both sides, however long it takes', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo', { maxCommandBytes: 100_000_000 });
    write(served.replica, { A: 'x'.repeat(8_000_000) });
    const replica = meeting.replica('game');
    const line = meeting.connect('game', { fumo: replica });
    line.up.maxFrameBytes = line.down.maxFrameBytes = Number.MAX_SAFE_INTEGER;
    for (let steps = 0; steps < 1_000 && !line.heard.includes('synced fumo'); steps++) {
      pass(meeting, line, step, () => trickle(meeting, line));
    }
    expect(meeting.nowMs).toBeGreaterThan(2 * silenceMs);
    expect(line.heard).toContain('synced fumo');
  });

  it('from the VM is life enough for both sides, however long it takes', () => {
    const meeting = new Meeting();
    const served = meeting.serve('fumo');
    const replica = meeting.replica('game', { maxCommandBytes: 100_000_000 });
    const line = meeting.connect('game', { fumo: replica });
    line.carry();
    write(replica, { A: 'x'.repeat(8_000_000) });
    line.follower.flush();
    for (let steps = 0; steps < 1_000 && served.replica.root.child('A') === undefined; steps++) {
      pass(meeting, line, step, () => trickle(meeting, line));
    }
    expect(meeting.nowMs).toBeGreaterThan(2 * silenceMs);
    expect(served.replica.root.child('A')).toBeDefined();
  });

  function trickle(meeting: Meeting, line: Line): void {
    const up = take(line.up);
    const down = take(line.down);
    for (const frame of up) line.hub.receive(frame, meeting.nowMs);
    for (const frame of down) line.follower.receive(frame, meeting.nowMs);
  }

  /** The frames that have passed wholly: what is left of the one under way is remembered. */
  const passed = new WeakMap<TestPort, number>();
  function take(port: TestPort): Uint8Array[] {
    let bytes = (passed.get(port) ?? 0) + perStep;
    const whole: Uint8Array[] = [];
    for (let next = port.frames[0]; next !== undefined && next.length <= bytes; next = port.frames[0]) {
      bytes -= next.length;
      whole.push(next);
      port.frames.shift();
    }
    passed.set(port, port.frames.length === 0 ? 0 : bytes);
    return whole;
  }
});

describe('a ping', () => {
  it('is answered by one pong, and a pong by nothing', () => {
    const line = new Meeting().connect('game');
    line.carry();
    line.tellHub({ type: 'ping' });
    line.tellHub({ type: 'pong' });
    line.tellVm({ type: 'ping' });
    line.tellVm({ type: 'pong' });
    expect(line.down.messages).toEqual([{ type: 'pong' }]);
    expect(line.up.messages).toEqual([{ type: 'pong' }]);
  });

  it('[Y6] of one who does not read is not answered: the answers would pile up', () => {
    const line = new Meeting().connect('game');
    line.carry();
    line.down.isReady = false;
    for (let count = 0; count < 1_000; count++) line.tellHub({ type: 'ping' });
    expect(line.down.frames).toEqual([]);
  });
});

describe('a session that was not running itself', () => {
  it('(a VM that was paused, a long computation) asks before it gives its peer up', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    meeting.nowMs += 100 * silenceMs;
    line.hub.tick(meeting.nowMs);
    line.follower.tick(meeting.nowMs);
    expect(line.down.messages).toEqual([{ type: 'ping' }]);
    expect(line.up.messages).toEqual([{ type: 'ping' }]);
    line.carry();
    pass(meeting, line, 10 * silenceMs, () => line.carry());
  });

  it('gives it up when no answer comes', () => {
    const meeting = new Meeting();
    const line = meeting.connect('game');
    line.carry();
    meeting.nowMs += 100 * silenceMs;
    const woke = meeting.nowMs;
    line.hub.tick(meeting.nowMs);
    expect(() => pass(meeting, line, silenceMs, () => line.carryDown())).toThrow(silent);
    expect(meeting.nowMs - woke).toBeLessThanOrEqual(silenceMs);
  });
});
