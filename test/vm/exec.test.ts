import type { ExecInvocation, Mount, Vm } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { describe, expect, it } from 'vitest';
import { Bed, MovedClock, mountEvents, set, settle, until, untilEqual } from './bed.ts';
import { done, pairToRun } from './exec-bed.ts';

/** Orders the Exec of ./MO/Run; gives its id. */
async function order(
  vm: Vm,
  options: { readonly data?: string; readonly correlator?: string } = {},
): Promise<string> {
  const { status, exec = '' } = await vm.execute({ type: 'Exec', target: './MO/Run', ...options });
  expect(status).toBe(202);
  return exec;
}

/** Counts how often it is run. */
function counted(mount: Mount, isIdempotent = false): ExecInvocation[] {
  const runs: ExecInvocation[] = [];
  mount.handleExec(
    './Run',
    (exec) => {
      runs.push(exec);
      return { status: 200 };
    },
    { isIdempotent },
  );
  return runs;
}

describe('[X1] an Exec', () => {
  it.each(['device', 'game'])(
    'ordered at %s runs once on every VM, and its issuer sees all answers',
    async (issuer) => {
      const { device, game, hub, copy } = await pairToRun(new Bed());
      const [atHub, atVm] = [counted(hub), counted(copy)];
      const [vm, mount] = issuer === 'device' ? [device, hub] : [game, copy];
      const id = await order(vm, { data: 'now', correlator: 'c1' });
      const results = await mount.whenExecClosed(id);
      expect(results).toEqual(
        new Map([
          ['device', done],
          ['game', done],
        ]),
      );
      const expected = { id, uri: './Run', data: 'now', correlator: 'c1', server: '', issuer };
      expect(atHub).toEqual([expect.objectContaining(expected)]);
      expect(atVm).toEqual([expect.objectContaining(expected)]);
      await settle();
      expect([atHub.length, atVm.length]).toEqual([1, 1]);
    },
  );

  it('tells each answer and its end once, on every VM', async () => {
    const { device, hub, copy } = await pairToRun(new Bed());
    counted(hub);
    counted(copy);
    const heard = [mountEvents(hub), mountEvents(copy)];
    const id = await order(device);
    await Promise.all([hub.whenExecClosed(id), copy.whenExecClosed(id)]);
    await settle();
    for (const events of heard) {
      const told = events.flatMap((event) =>
        event.type === 'exec-result' ? [event.vm] : event.type === 'exec-closed' ? ['closed'] : [],
      );
      expect(told.slice().sort()).toEqual(['closed', 'device', 'game']);
      expect(told.at(-1)).toBe('closed');
    }
  });

  it('gives what the handler answers: its status and data; a handler that throws has failed, with its words', async () => {
    const { device, hub, copy } = await pairToRun(new Bed());
    hub.handleExec('./Run', async () => ({ status: 410, data: 'no such package' }));
    copy.handleExec('./Run', () => {
      throw new Error('the disk is full');
    });
    const results = await hub.whenExecClosed(await order(device));
    expect(results).toEqual(
      new Map([
        ['device', { answer: 'done', status: 410, data: 'no such package' }],
        ['game', { answer: 'done', status: 500, data: 'the disk is full' }],
      ]),
    );
  });

  it('has the status of a handler that has more to say than can be recorded', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await bed.pair({ maxCommandBytes: 10_000 });
    await set(device, 'Run', '');
    await untilEqual(hub, copy);
    counted(hub);
    copy.handleExec('./Run', () => ({ status: 200, data: 'x'.repeat(20_000) }));
    const results = await hub.whenExecClosed(await order(device));
    expect(results.get('game')).toEqual({ answer: 'done', status: 200, data: '' });
  });

  it('without a handler is answered so', async () => {
    const { device, hub, copy } = await pairToRun(new Bed());
    counted(hub);
    const results = await copy.whenExecClosed(await order(device));
    expect(results.get('game')).toEqual({ answer: 'no-handler', status: 406, data: '' });
    expect(results.get('device')).toEqual(done);
  });

  it('of a node that is gone is answered so', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await pairToRun(bed);
    const atVm = counted(copy);
    counted(hub);
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    const id = await order(device);
    await device.execute({ type: 'Delete', target: './MO/Run' });
    bed.network.heal();
    const results = await hub.whenExecClosed(id);
    expect(results.get('game')).toEqual({ answer: 'gone', status: 404, data: '' });
    expect(atVm).toEqual([]);
    expect(game.id).toBe('game');
  });

  it('[I2] of a node that was deleted and added again is answered so, too: it was ordered of another', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await pairToRun(bed);
    const atHub = counted(hub);
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    const command = { type: 'Exec', target: './MO/Run', addressees: ['device'] } as const;
    const { exec: id = '' } = await game.execute(command);
    await device.execute({ type: 'Delete', target: './MO/Run' });
    await set(device, 'Run', 'another');
    const events = mountEvents(copy);
    bed.network.heal();
    const gone = { answer: 'gone', status: 404, data: '' };
    expect(await copy.whenExecClosed(id)).toEqual(new Map([['device', gone]]));
    await until('the outcome is told', () => events.some(({ type }) => type === 'exec-outcome'));
    expect(events.flatMap((each) => (each.type === 'exec-outcome' ? [each.outcome.uri] : []))).toEqual(['']);
    expect(atHub).toEqual([]);
    await hub.whenExecClosed(await order(device));
    expect(atHub).toHaveLength(1);
  });

  it('that comes too late is not run, and says so', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const { game, hub, copy, connection } = await pairToRun(
      bed,
      { execExpiryMs: 60_000 },
      { device: { now: clock.now }, game: { now: clock.now } },
    );
    const atVm = counted(copy);
    await connection.close();
    const id = await order(game);
    await until('it ran where it was ordered', () => atVm.length === 1);
    clock.aheadMs = 61_000;
    const atHub = counted(hub);
    bed.connect(game);
    const results = await hub.whenExecClosed(id);
    expect(results.get('device')).toEqual({ answer: 'expired', status: 215, data: '' });
    expect(atHub).toEqual([]);
  });

  it('[X3] is closed when its time is up, though a VM never answered; that VM does not start it any more', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const { device, game, hub, copy, connection } = await pairToRun(
      bed,
      { execExpiryMs: 60_000 },
      { device: { now: clock.now }, game: { now: clock.now } },
    );
    await connection.close();
    counted(hub);
    const atVm = counted(copy);
    const id = await order(device);
    await until('the hub answered', () => hub.execResults(id).size === 1);
    clock.aheadMs = 61_000;
    expect(await hub.whenExecClosed(id)).toEqual(new Map([['device', done]]));
    bed.connect(game);
    await copy.whenExecClosed(id);
    await untilEqual(hub, copy);
    expect(atVm).toEqual([]);
  });

  it('is told of as closed once, also when somebody answers it afterwards', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const { device, hub, copy } = await pairToRun(
      bed,
      { execExpiryMs: 60_000 },
      { device: { now: clock.now }, game: { now: clock.now } },
    );
    let answer: ((reply: { status: number }) => void) | undefined;
    copy.handleExec(
      './Run',
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    counted(hub);
    const events = mountEvents(hub);
    const id = await order(device);
    await until('the VM is inside', () => answer !== undefined);
    clock.aheadMs = 61_000;
    await hub.whenExecClosed(id);
    await settle();
    answer?.({ status: 200 });
    await until('the late answer came', () => hub.execResults(id).size === 2);
    await settle();
    expect(events.filter(({ type }) => type === 'exec-closed')).toHaveLength(1);
    expect(events.flatMap((event) => (event.type === 'exec-result' ? [event.vm] : []))).toEqual([
      'device',
      'game',
    ]);
  });
});

describe('[X2] an Exec runs at most once per VM:', () => {
  /** A hub, and a VM on a disk of its own whose handler never returns; both know of the Exec. */
  async function crashedInside(bed: Bed): Promise<{ hub: Mount; id: string }> {
    const { device, game, hub, copy } = await pairToRun(bed);
    counted(hub);
    let isInside = false;
    copy.handleExec('./Run', () => {
      isInside = true;
      return new Promise(() => undefined);
    });
    const id = await order(device);
    await until('it is inside', () => isInside);
    await bed.crash(game);
    return { hub, id };
  }

  it('a crash in the middle is answered `interrupted`, and nothing is run again', async () => {
    const bed = new Bed();
    const { hub, id } = await crashedInside(bed);
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    const runs = counted(copy);
    bed.connect(game);
    const results = await hub.whenExecClosed(id);
    expect(results.get('game')).toEqual({ answer: 'interrupted', status: 500, data: '' });
    expect(runs).toEqual([]);
  });

  it('unless the handler says that it may be', async () => {
    const bed = new Bed();
    const { hub, id } = await crashedInside(bed);
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    const runs = counted(copy, true);
    bed.connect(game);
    const results = await hub.whenExecClosed(id);
    expect(results.get('game')).toEqual(done);
    expect(runs).toHaveLength(1);
  });

  it('nor by a VM that was put back to a snapshot from before it began', async () => {
    const bed = new Bed();
    const { hub, id } = await crashedInside(bed);
    const game = await bed.vm('game', { storage: memoryStorage() });
    const copy = await game.mount('./MO', { mo: 'mo' });
    const runs = counted(copy);
    bed.connect(game);
    const results = await hub.whenExecClosed(id);
    expect(results.get('game')).toMatchObject({ answer: 'interrupted' });
    expect(runs).toEqual([]);
  });

  it('also at the hub itself', async () => {
    const bed = new Bed();
    const { device, hub } = await pairToRun(bed);
    let isInside = false;
    hub.handleExec('./Run', () => {
      isInside = true;
      return new Promise(() => undefined);
    });
    const id = await order(device);
    await until('it is inside', () => isInside);
    await bed.crash(device);
    const again = await bed.vm('device');
    const mount = await again.mount('./MO', { mo: 'mo' });
    const runs = counted(mount);
    await bed.serve(again);
    const results = await mount.whenExecClosed(id);
    expect(results.get('device')).toMatchObject({ answer: 'interrupted' });
    expect(runs).toEqual([]);
  });

  it('the handler is not started before the hub has "started" on its disk', async () => {
    const bed = new Bed();
    const storage = bed.steered('device');
    const { device, hub, copy } = await pairToRun(bed, {}, { device: { storage } });
    const [atHub, atVm] = [counted(hub), counted(copy)];
    const id = await order(device);
    storage.hold();
    await settle();
    expect(atVm).toEqual([]);
    storage.release();
    await hub.whenExecClosed(id);
    expect([atHub.length, atVm.length]).toEqual([1, 1]);
  });

  it('nor before its own VM has: begun anew without the hub, that has its own disk alone to ask', async () => {
    const bed = new Bed();
    const storage = bed.steered('game');
    const { game, hub, copy } = await pairToRun(bed, {}, { game: { storage } });
    const atVm = counted(copy);
    storage.hold();
    const ordering = game.execute({ type: 'Exec', target: './MO/Run' });
    await until('the hub has its start', () =>
      hub.replica.openExecs().some(({ started }) => started.has('game')),
    );
    await settle();
    expect(atVm).toEqual([]);
    storage.release();
    await ordering;
    await until('it has run', () => atVm.length === 1);
  });

  it('a link that is cut while it runs changes nothing', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await pairToRun(bed);
    counted(hub);
    let runs = 0;
    let finish: () => void = () => undefined;
    copy.handleExec('./Run', async () => {
      runs++;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 200 };
    });
    const id = await order(device);
    await until('it is inside', () => runs === 1);
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    finish();
    await settle();
    bed.network.heal();
    const results = await hub.whenExecClosed(id);
    expect(results.get('game')).toEqual(done);
    await settle();
    expect(runs).toBe(1);
  });

  it('[T3] a VM whose clock jumped ahead just then runs it, with stamps made anew', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const { device, hub, copy } = await pairToRun(bed, {}, { game: { now: clock.now } });
    counted(hub);
    const atVm = counted(copy);
    clock.aheadMs = 600_000;
    const id = await order(device);
    const results = await hub.whenExecClosed(id);
    expect(results.get('game')).toEqual(done);
    expect(atVm).toHaveLength(1);
  });

  it('a storage that fails just then delays it, and does no harm', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await pairToRun(bed);
    const [atHub, atVm] = [counted(hub), counted(copy)];
    const ordering = device.execute({ type: 'Exec', target: './MO/Run' });
    bed.disk('device').failWrites(new Error('no space left'));
    const id = await ordering.then(
      ({ exec = '' }) => exec,
      () => hub.replica.openExecs()[0]?.id ?? '',
    );
    await settle();
    expect(atHub).toEqual([]);
    bed.disk('device').failWrites(undefined);
    const results = await hub.whenExecClosed(id);
    expect(results).toEqual(
      new Map([
        ['device', done],
        ['game', done],
      ]),
    );
    expect([atHub.length, atVm.length]).toEqual([1, 1]);
  });
});

describe('[X3] an Exec whose time ran out between "started" and the start', () => {
  it('is not started any more, whatever the VM takes the time for', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const storage = bed.steered('device');
    const { device, hub, copy } = await pairToRun(
      bed,
      { execExpiryMs: 60_000 },
      { device: { storage, now: clock.now } },
    );
    const [atHub, atVm] = [counted(hub), counted(copy)];
    storage.hold();
    const ordering = device.execute({ type: 'Exec', target: './MO/Run' });
    await until('both wrote "started"', () => hub.replica.openExecs()[0]?.started.size === 2);
    clock.aheadMs = 61_000;
    storage.release();
    const { exec = '' } = await ordering;
    await hub.whenExecClosed(exec);
    await untilEqual(hub, copy);
    await settle();
    expect([atHub, atVm]).toEqual([[], []]);
  });
});

describe('[X2] an Exec ordered without a hub in reach', () => {
  it('runs at once where it was ordered, and on the others when they learn of it', async () => {
    const bed = new Bed();
    const { game, hub, copy } = await pairToRun(bed);
    const [atHub, atVm] = [counted(hub), counted(copy)];
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    const id = await order(game);
    await until('it ran', () => copy.execResults(id).size === 1);
    expect([atHub.length, atVm.length]).toEqual([0, 1]);
    bed.network.heal();
    const results = await copy.whenExecClosed(id);
    expect(results).toEqual(
      new Map([
        ['device', done],
        ['game', done],
      ]),
    );
    await settle();
    expect([atHub.length, atVm.length]).toEqual([1, 1]);
  });

  it('runs on a VM that never met a hub, and at the hub that it meets', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'Run', '');
    const atVm = counted(copy);
    const id = await order(game);
    await until('it ran', () => copy.execResults(id).size === 1);
    const device = await bed.vm('device');
    const hub = await device.mount('./MO', { mo: 'mo' });
    const atHub = counted(hub);
    await bed.serve(device);
    bed.connect(game);
    await copy.whenExecClosed(id);
    expect(copy.execResults(id).get('game')).toEqual(done);
    expect([atHub.length, atVm.length]).toEqual([0, 1]);
  });

  it('is `interrupted` after a crash in the middle, on its own disk’s word', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'Run', '');
    let isInside = false;
    copy.handleExec('./Run', () => {
      isInside = true;
      return new Promise(() => undefined);
    });
    const id = await order(game);
    await until('it is inside', () => isInside);
    await bed.crash(game);
    const again = await bed.vm('game');
    const mount = await again.mount('./MO', { mo: 'mo' });
    const runs = counted(mount);
    await until('it is answered', () => mount.execResults(id).size === 1);
    expect(mount.execResults(id).get('game')).toMatchObject({ answer: 'interrupted' });
    expect(runs).toEqual([]);
  });
});

describe('[S1] an Exec of a node that stays in each VM', () => {
  const rules = [{ path: './Run', share: 'local' }] as const;

  it.each(['device', 'game'])(
    'ordered at %s runs there alone, and is closed when it is answered',
    async (issuer) => {
      const bed = new Bed();
      const { device, game, hub, copy } = await bed.pair({ rules });
      await Promise.all([set(device, 'Run', ''), set(game, 'Run', '')]);
      const runs = { device: counted(hub), game: counted(copy) };
      const [vm, mount, other] = issuer === 'device' ? [device, hub, copy] : [game, copy, hub];
      const id = await order(vm);
      expect(await mount.whenExecClosed(id)).toEqual(new Map([[issuer, done]]));
      await settle();
      expect([runs.device.length, runs.game.length]).toEqual(issuer === 'device' ? [1, 0] : [0, 1]);
      expect(other.execResults(id).size).toBe(0);
      await untilEqual(hub, copy);
    },
  );

  it('runs also on a VM that is alone', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    const mount = await game.mount('./MO', { mo: 'mo', rules });
    await set(game, 'Run', '');
    const runs = counted(mount);
    expect(await mount.whenExecClosed(await order(game))).toEqual(new Map([['game', done]]));
    expect(runs).toHaveLength(1);
  });
});

describe('handlers', () => {
  it('are one per node; the way out makes room', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await pairToRun(bed);
    const leave = hub.handleExec('Run', () => ({ status: 500 }));
    expect(() => hub.handleExec('./Run', () => ({ status: 200 }))).toThrow(RangeError);
    leave();
    leave();
    const runs = counted(hub);
    counted(copy);
    await hub.whenExecClosed(await order(device));
    expect(runs).toHaveLength(1);
  });

  it('that are registered right after the mount get what was waiting, also where the hub already serves', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await pairToRun(bed);
    counted(copy);
    let isInside = false;
    hub.handleExec(
      './Run',
      () =>
        new Promise(() => {
          isInside = true;
        }),
    );
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    const id = await order(game);
    await device.close();
    const again = await bed.vm('device');
    await bed.serve(again);
    bed.network.heal();
    const mount = await again.mount('./MO', { mo: 'mo' });
    const runs = counted(mount);
    const results = await mount.whenExecClosed(id);
    expect(results.get('device')).toEqual(done);
    expect(runs).toHaveLength(1);
    expect(isInside).toBe(false);
  });

  it('that are registered right after the mount count, also where a service runs and the Exec was begun before', async () => {
    const bed = new Bed();
    const { device, hub } = await pairToRun(bed);
    let isInside = false;
    hub.handleExec('./Run', () => {
      isInside = true;
      return new Promise(() => undefined);
    });
    const id = await order(device);
    await until('it is inside', () => isInside);
    await bed.crash(device);
    const again = await bed.vm('device');
    await bed.serve(again);
    const mount = await again.mount('./MO', { mo: 'mo' });
    const runs = counted(mount, true);
    await until('it is answered', () => mount.execResults(id).has('device'));
    expect(mount.execResults(id).get('device')).toEqual(done);
    expect(runs).toHaveLength(1);
  });

  it.each([undefined, {}, { status: 200.5 }, { status: -1 }, { status: 200, data: 7 }])(
    'that answer %j have failed',
    async (reply) => {
      const { device, hub, copy } = await pairToRun(new Bed());
      counted(hub);
      copy.handleExec('./Run', () => JSON.parse(JSON.stringify(reply ?? null)));
      const results = await hub.whenExecClosed(await order(device));
      expect(results.get('game')).toMatchObject({ answer: 'done', status: 500 });
      await set(device, 'A', 'goes on');
      await untilEqual(hub, copy);
    },
  );

  it('are told when the VM closes', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await pairToRun(bed);
    counted(hub);
    let signal: AbortSignal | undefined;
    copy.handleExec('./Run', (exec) => {
      signal = exec.signal;
      return new Promise(() => undefined);
    });
    const id = await order(device);
    await until('it is inside', () => signal !== undefined);
    const waiting = copy.whenExecClosed(id);
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await game.close();
    await rejected;
    expect(signal?.aborted).toBe(true);
  });

  it('have a signal each: many on one would look like a leak to Node', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await pairToRun(bed);
    counted(copy);
    const signals = new Set<AbortSignal>();
    hub.handleExec('./Run', ({ signal }) => {
      signals.add(signal);
      return new Promise(() => undefined);
    });
    for (let n = 0; n < 20; n++) await order(device);
    await until('all are inside', () => signals.size === 20);
    await device.close();
    expect([...signals].every(({ aborted }) => aborted)).toBe(true);
  });
});
