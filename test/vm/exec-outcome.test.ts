import type { ExecOutcome, Mount, MountOptions, Vm } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { describe, expect, it } from 'vitest';
import { Bed, MovedClock, mountEvents, SteeredStorage, set, settle, until, untilEqual } from './bed.ts';
import { pairToRun } from './exec-bed.ts';

const server = 'dms';

interface Ordering {
  readonly correlator?: string;
  readonly isOwn?: boolean;
}

/** The DM server, or the device itself, orders the Exec of ./MO/Run. */
async function order(vm: Vm, { correlator = 'c1', isOwn = false }: Ordering = {}): Promise<string> {
  const command = { type: 'Exec', target: './MO/Run', correlator } as const;
  const { status, exec = '' } = await vm.execute(command, isOwn ? {} : { server });
  expect(status).toBe(202);
  return exec;
}

/** A hub and a VM with ./MO/Run, which the DM server may execute; each answers with its status. */
async function pair(
  bed: Bed,
  statuses: Readonly<Record<'device' | 'game', number>> = { device: 200, game: 200 },
  options: Partial<MountOptions> = {},
): ReturnType<Bed['pair']> {
  const both = await bed.pair(options);
  await set(both.device, 'Run', '');
  await both.device.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
  await untilEqual(both.hub, both.copy);
  answering(both.hub, statuses.device);
  answering(both.copy, statuses.game);
  return both;
}

function answering(mount: Mount, status: number): void {
  mount.handleExec('./Run', () => ({ status, data: `${status} it is` }));
}

/** The outcomes that a mount tells from now on. */
function outcomes(mount: Mount): ExecOutcome[] {
  const told: ExecOutcome[] = [];
  mount.observe((event) => {
    if (event.type === 'exec-outcome') told.push(event.outcome);
  });
  return told;
}

describe('[X4] the outcome of an Exec', () => {
  it.each(['device', 'game'])('is told once, by the VM where it was ordered: %s', async (at) => {
    const { device, game, hub, copy } = await pair(new Bed(), { device: 200, game: 410 });
    const [issuer, mount, other] = at === 'device' ? [device, hub, copy] : [game, copy, hub];
    const [told, elsewhere] = [outcomes(mount), outcomes(other)];
    const id = await order(issuer, { correlator: 'c7' });
    await Promise.all([hub.whenExecClosed(id), copy.whenExecClosed(id)]);
    await settle();
    const results = new Map([
      ['device', { answer: 'done', status: 200, data: '200 it is' }],
      ['game', { answer: 'done', status: 410, data: '410 it is' }],
    ] as const);
    expect(told).toEqual([
      { exec: id, uri: './Run', correlator: 'c7', server, status: 410, data: '410 it is', results },
    ]);
    expect(mount.pendingOutcomes()).toEqual(told);
    expect([elsewhere, other.pendingOutcomes()]).toEqual([[], []]);
  });

  it('waits, also over restarts, until the DM server has acknowledged it; then nothing is left', async () => {
    const bed = new Bed();
    const { device, hub } = await pair(bed);
    const id = await order(device);
    await hub.whenExecClosed(id);
    const [mount, vm] = await again(bed, device);
    expect(mount.pendingOutcomes().map(({ exec, status }) => [exec, status])).toEqual([[id, 200]]);
    await mount.acknowledgeOutcome(id);
    await mount.acknowledgeOutcome(id);
    expect(mount.pendingOutcomes()).toEqual([]);
    const [last] = await again(bed, vm);
    const told = outcomes(last);
    await settle();
    expect([told, last.pendingOutcomes()]).toEqual([[], []]);
  });

  it('is told again after each start, to whoever listens right after the mount', async () => {
    const bed = new Bed();
    const { device, hub } = await pair(bed);
    const id = await order(device);
    await hub.whenExecClosed(id);
    let vm = device;
    for (let start = 0; start < 2; start++) {
      const [mount, next] = await again(bed, vm);
      vm = next;
      const told = outcomes(mount);
      await settle();
      expect(told.map((each) => [each.exec, each.status])).toEqual([[id, 200]]);
    }
  });

  it('of what the device itself ordered is told, and waits for nobody', async () => {
    const { device, hub } = await pair(new Bed(), { device: 500, game: 200 });
    const told = outcomes(hub);
    const id = await order(device, { isOwn: true });
    await hub.whenExecClosed(id);
    await settle();
    expect(told.map((each) => [each.exec, each.server, each.status])).toEqual([[id, '', 500]]);
    expect(hub.pendingOutcomes()).toEqual([]);
    await expect(hub.acknowledgeOutcome(id)).rejects.toThrow(RangeError);
  });

  it('cannot be acknowledged before it is there; what is not known any more may be', async () => {
    const { device, hub, connection } = await pair(new Bed());
    await connection.close();
    const id = await order(device);
    await expect(hub.acknowledgeOutcome(id)).rejects.toThrow(/no outcome yet/);
    await hub.acknowledgeOutcome('device:1:1');
    await device.close();
    await expect(hub.acknowledgeOutcome(id)).rejects.toMatchObject({ code: 'closed' });
  });

  it('is there as soon as all have answered, also on a VM that has no hub; there is no other when it finds one', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const game = await bed.vm('game', { now: clock.now });
    const copy = await game.mount('./MO', { mo: 'mo', execExpiryMs: 60_000 });
    await set(game, 'Run', '');
    await game.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
    answering(copy, 250);
    const told = outcomes(copy);
    const id = await order(game);
    await until('it is told', () => told.length === 1);
    clock.aheadMs = 120_000;
    const device = await bed.vm('device', { now: clock.now });
    await device.mount('./MO', { mo: 'mo', execExpiryMs: 60_000 });
    await bed.serve(device);
    bed.connect(game);
    await copy.whenExecClosed(id);
    await copy.whenDelivered();
    await settle();
    expect(told.map(({ status }) => status)).toEqual([250]);
    expect(copy.pendingOutcomes().map(({ status }) => status)).toEqual([250]);
  });

  it('is 409 for a VM that did not answer in time; what it answers later changes nothing', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const { device, hub, copy } = await pairToRun(
      bed,
      { execExpiryMs: 60_000 },
      { device: { now: clock.now }, game: { now: clock.now } },
    );
    answering(hub, 200);
    let finish: (() => void) | undefined;
    copy.handleExec('./Run', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 200 };
    });
    const told = outcomes(hub);
    const id = await order(device, { isOwn: true });
    await until('the other VM is inside', () => finish !== undefined);
    clock.aheadMs = 61_000;
    await hub.whenExecClosed(id);
    await until('it is told', () => told.length === 1);
    finish?.();
    await until('the late answer came', () => hub.execResults(id).size === 2);
    await settle();
    expect(told.map(({ status }) => status)).toEqual([409]);
  });

  it('that is acknowledged is not told again, also when an answer comes after a restart', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const options = { mo: 'mo', execExpiryMs: 60_000 } as const;
    const { device, hub, copy, service } = await pairToRun(bed, options, {
      device: { now: clock.now },
      game: { now: clock.now },
    });
    await device.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
    answering(hub, 200);
    let finish: (() => void) | undefined;
    copy.handleExec('./Run', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 200 };
    });
    const id = await order(device);
    await until('the other VM is inside', () => finish !== undefined);
    clock.aheadMs = 61_000;
    await hub.whenExecClosed(id);
    await hub.acknowledgeOutcome(id);
    await service.close();
    await device.close();
    const again = await bed.vm('device', { now: clock.now });
    const mount = await again.mount('./MO', options);
    const told = outcomes(mount);
    await bed.serve(again);
    await copy.whenSynced();
    finish?.();
    await until('the late answer came', () => mount.execResults(id).size === 2);
    await settle();
    expect([told, mount.pendingOutcomes()]).toEqual([[], []]);
  });

  it('is told when it is durable what it rests on: after a crash there would be another', async () => {
    const bed = new Bed();
    const storage = bed.steered('device');
    const device = await bed.vm('device', { storage });
    const hub = await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    await set(device, 'Run', '');
    const told = outcomes(hub);
    hub.handleExec('./Run', () => {
      storage.hold();
      return { status: 200 };
    });
    const id = await order(device, { isOwn: true });
    await until('it is answered', () => hub.execResults(id).size === 1);
    await settle();
    expect([told, hub.pendingOutcomes()]).toEqual([[], []]);
    storage.release();
    await until('it is told', () => told.length === 1);
  });

  it('rests on an answer that is durable where it was ordered before the hub has it: begun anew without the hub, the VM would answer otherwise', async () => {
    const bed = new Bed();
    const storage = bed.steered('game');
    const { game, hub, copy } = await pairToRun(bed, {}, { game: { storage } });
    copy.handleExec('./Run', () => {
      storage.hold();
      return { status: 200 };
    });
    const id = await order(game, { isOwn: true });
    await until('it is answered', () => copy.execResults(id).has('game'));
    const later = set(game, 'Later', 'x');
    await settle();
    expect([hub.execResults(id).has('game'), hub.replica.root.child('Later')]).toEqual([false, undefined]);
    storage.release();
    await later;
    await until('the hub has the answer', () => hub.execResults(id).has('game'));
    await untilEqual(hub, copy);
  });

  describe('at a VM that is not the hub', () => {
    /** A hub whose disk waits from now on has relayed the end of an Exec of another VM. */
    async function relayed(bed: Bed, { isExpired }: { readonly isExpired: boolean }) {
      const storage = new SteeredStorage(memoryStorage({ disk: bed.disk('device') }));
      const clock = { skewMs: 0 };
      const now = (): number => Date.now() + clock.skewMs;
      const options = { mo: 'mo', execExpiryMs: 60_000 } as const;
      const device = await bed.vm('device', { storage, now });
      const game = await bed.vm('game', { now });
      const hub = await device.mount('./MO', options);
      const copy = await game.mount('./MO', options);
      await bed.serve(device);
      const connection = bed.connect(game);
      await copy.whenSynced();
      await set(device, 'Run', '');
      await device.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
      await untilEqual(hub, copy);
      answering(copy, 200);
      let finish: (() => void) | undefined;
      const run = async (): Promise<{ status: number }> => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { status: 250 };
      };
      hub.handleExec('./Run', run, { isIdempotent: true });
      const told = outcomes(copy);
      const id = await order(game);
      await until('both began', () => finish !== undefined && copy.execResults(id).has('game'));
      await copy.whenDelivered();
      storage.hold();
      if (isExpired) clock.skewMs = 61_000;
      else finish?.();
      await copy.whenExecClosed(id);
      await settle();
      return { device, game, copy, connection, storage, clock, told, id, options, now };
    }

    it.each([
      ['its closing', true, 409],
      ["another VM's answer", false, 250],
    ])('is told when the hub has %s durably, too', async (_what, isExpired, status) => {
      const { copy, storage, told } = await relayed(new Bed(), { isExpired });
      expect([told, copy.pendingOutcomes()]).toEqual([[], []]);
      storage.release();
      await until('it is told', () => told.length === 1);
      expect(told.map((each) => each.status)).toEqual([status]);
      expect(copy.pendingOutcomes()).toEqual(told);
    });

    it('is no other when the hub crashes, and has forgotten that it closed the Exec', async () => {
      const bed = new Bed();
      const { device, copy, storage, clock, told, id, options } = await relayed(bed, { isExpired: true });
      clock.skewMs = 0;
      const crashing = bed.crash(device);
      storage.release();
      await crashing;
      const again = await bed.vm('device');
      const hub = await again.mount('./MO', options);
      hub.handleExec('./Run', () => ({ status: 250 }), { isIdempotent: true });
      await bed.serve(again);
      await until('it is told', () => told.length > 0);
      await until('both know all answers', () => hub.execResults(id).size + copy.execResults(id).size === 4);
      await settle();
      expect(told.map(({ status }) => status)).toEqual([250]);
    });

    it('is told when the VM is the hub from then on', async () => {
      const bed = new Bed();
      const { game, told, connection, storage } = await relayed(bed, { isExpired: true });
      await connection.close();
      expect(told).toEqual([]);
      await bed.serve(game);
      await until('it is told', () => told.length === 1);
      expect(told.map(({ status }) => status)).toEqual([409]);
      storage.release();
    });

    it('is told when a VM that is the hub from then on has durably what it had heard before', async () => {
      const bed = new Bed();
      const [atHub, atPhone] = [bed.steered('device'), bed.steered('phone')];
      const { device, game, hub, copy, service, connection } = await pairToRun(
        bed,
        {},
        { device: { storage: atHub } },
      );
      const phone = await bed.vm('phone', { storage: atPhone });
      const third = await phone.mount('./MO', { mo: 'mo' });
      for (const mount of [copy, third]) answering(mount, 200);
      const following = bed.connect(phone);
      await until('the issuer knows it', () => copy.replica.members.includes('phone'));
      let finish: (() => void) | undefined;
      hub.handleExec('./Run', async () => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return { status: 250 };
      });
      const told = outcomes(copy);
      const id = await order(game, { isOwn: true });
      await until('the others have answered', () => finish !== undefined && third.execResults(id).size === 2);
      await untilEqual(copy, third);
      await settle();
      atHub.hold();
      atPhone.hold();
      finish?.();
      await Promise.all([copy.whenExecClosed(id), third.whenExecClosed(id)]);
      await Promise.all([connection.close(), following.close(), service.close()]);
      await bed.serve(phone);
      bed.connect(game, {}, 'phone');
      await copy.whenSynced();
      await settle();
      expect(told).toEqual([]);
      atPhone.release();
      await until('it is told', () => told.length === 1);
      atHub.release();
      await device.close();
    });

    it('is told after a start without the hub where it was told before, and where it was not when the hub is there', async () => {
      const bed = new Bed();
      const { game, storage, id, options, now } = await relayed(bed, { isExpired: true });
      await game.close();
      const next = await bed.vm('game', { now });
      const mount = await next.mount('./MO', options);
      const later = outcomes(mount);
      await settle();
      expect([later, mount.pendingOutcomes()]).toEqual([[], []]);
      storage.release();
      bed.connect(next);
      await until('it is told', () => later.length === 1);
      await next.close();
      const last = await (await bed.vm('game', { now })).mount('./MO', options);
      expect(last.pendingOutcomes().map(({ exec, status }) => [exec, status])).toEqual([[id, 409]]);
    });
  });

  it('that is acknowledged while the VM closes is not recorded as such any more', async () => {
    const bed = new Bed();
    const storage = bed.steered('device');
    const device = await bed.vm('device', { storage });
    const hub = await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    await set(device, 'Run', '');
    await device.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
    answering(hub, 200);
    const id = await order(device);
    await until('there is an outcome', () => hub.pendingOutcomes().length === 1);
    storage.hold();
    const writing = set(device, 'Other', '');
    await settle();
    const acknowledging = expect(hub.acknowledgeOutcome(id)).rejects.toMatchObject({ code: 'closed' });
    const closing = device.close();
    await settle();
    storage.release();
    await Promise.all([acknowledging, writing, closing]);
    expect(hub.replica.exec(id)?.isAcknowledged).toBe(false);
  });

  it('cannot be acknowledged while the storage fails; it is told on, and can be when the storage works', async () => {
    const bed = new Bed();
    const { device, hub } = await pair(bed);
    const id = await order(device);
    await hub.whenExecClosed(id);
    await until('there is an outcome', () => hub.pendingOutcomes().length === 1);
    bed.disk('device').failWrites(new Error('no space left'));
    const failed = { code: 'storage-failed' } as const;
    const writing = expect(set(device, 'Other', '')).rejects.toMatchObject(failed);
    await expect(hub.acknowledgeOutcome(id)).rejects.toMatchObject(failed);
    await writing;
    expect(hub.pendingOutcomes()).toHaveLength(1);
    bed.disk('device').failWrites(undefined);
    await set(device, 'Other', 'stored');
    await hub.acknowledgeOutcome(id);
    expect(hub.pendingOutcomes()).toEqual([]);
  });

  it('where nobody has a handler is 408', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await bed.pair();
    await set(device, 'Run', '');
    await untilEqual(hub, copy);
    const told = outcomes(hub);
    await order(device, { isOwn: true });
    await until('it is told', () => told.length === 1);
    expect(told[0]?.status).toBe(408);
  });

  it('[S1] of what stays in the VM is the VM’s own answer', async () => {
    const rules = [{ path: './Run', share: 'local' }] as const;
    const bed = new Bed();
    const vm = await bed.vm('game');
    const mount = await vm.mount('./MO', { mo: 'mo', rules });
    await set(vm, 'Run', '');
    await vm.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
    answering(mount, 1401);
    const id = await order(vm);
    await until('it is durable', () => mount.pendingOutcomes().length > 0);
    const expected = [{ exec: id, status: 1401, data: '1401 it is' }];
    expect(mount.pendingOutcomes()).toMatchObject(expected);
    const [next, nextVm] = await again(bed, vm, { rules });
    expect(next.pendingOutcomes()).toMatchObject(expected);
    await next.acknowledgeOutcome(id);
    const [last] = await again(bed, nextVm, { rules });
    expect(last.pendingOutcomes()).toEqual([]);
  });
});

describe('[S1][X3] an Exec of what stays in the VM, whose time is up,', () => {
  const rules = [{ path: './Run', share: 'local' }] as const;
  const options = { mo: 'mo', rules, execExpiryMs: 60_000 } as const;

  it('is closed by the VM itself: its outcome is 409, and stays so when its handler answers after all', async () => {
    const bed = new Bed();
    const clock = new MovedClock();
    const vm = await bed.vm('game', { now: clock.now });
    const mount = await vm.mount('./MO', options);
    await set(vm, 'Run', '');
    await vm.execute({ type: 'Replace', target: './MO/Run?prop=ACL', data: `Exec=${server}` });
    let finish: (() => void) | undefined;
    mount.handleExec('./Run', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return { status: 200 };
    });
    const told = outcomes(mount);
    const id = await order(vm);
    await until('it is inside', () => finish !== undefined);
    await settle();
    expect(told).toEqual([]);
    clock.aheadMs = 61_000;
    expect(await mount.whenExecClosed(id)).toEqual(new Map());
    await until('the outcome is told', () => told.length === 1);
    finish?.();
    await until('the late answer came', () => mount.execResults(id).size === 1);
    await settle();
    expect(told.map(({ status }) => status)).toEqual([409]);
    const [next, nextVm] = await again(bed, vm, options);
    expect(next.pendingOutcomes()).toMatchObject([{ exec: id, status: 409 }]);
    await next.acknowledgeOutcome(id);
    await until('it is forgotten', () => next.replica.knownExecs().length === 0);
    await nextVm.close();
  });
});

/** The VM begins anew, once everything is stored; it does not serve. */
async function again(bed: Bed, vm: Vm, options: Partial<MountOptions> = {}): Promise<[Mount, Vm]> {
  await vm.close();
  const next = await bed.vm(vm.id);
  const mount = await next.mount('./MO', { mo: 'mo', ...options });
  return [mount, next];
}

/** What a mount tells of Execs from now on: the types, of answers with the VM. */
function told(mount: Mount): string[] {
  const types: string[] = [];
  mount.observe((event) => {
    if (event.type === 'exec-result') types.push(`${event.type} ${event.vm}`);
    else if (event.type.startsWith('exec-')) types.push(event.type);
  });
  return types;
}

describe('events of an Exec', () => {
  it('are not told again after a start', async () => {
    const bed = new Bed();
    const { game, copy } = await pair(bed);
    bed.network.cut();
    await until('the VM noticed', () => !copy.isSynced);
    const before = told(copy);
    const here = { type: 'Exec', target: './MO/Run', addressees: ['game'] } as const;
    const { exec: answered = '' } = await game.execute(here);
    await until('its outcome is told', () => before.length === 2);
    expect(before).toEqual(['exec-result game', 'exec-outcome']);
    const open = await order(game, { isOwn: true });
    await until('it ran here', () => before.length === 3);
    const [mount, next] = await again(bed, game);
    const after = told(mount);
    bed.network.heal();
    bed.connect(next);
    for (const id of [answered, open]) await mount.whenExecClosed(id);
    await until('its outcome is told', () => after.includes('exec-outcome'));
    await settle();
    expect(after.sort()).toEqual(['exec-closed', 'exec-closed', 'exec-outcome', 'exec-result device']);
  });

  it('are not told again after a start, but for an outcome that a DM server waits for', async () => {
    const bed = new Bed();
    const { device, hub, copy } = await pair(bed);
    const ids = [await order(device), await order(device, { isOwn: true })];
    for (const id of ids) await Promise.all([hub.whenExecClosed(id), copy.whenExecClosed(id)]);
    const [mount, next] = await again(bed, device);
    const after = told(mount);
    await bed.serve(next);
    await copy.whenSynced();
    await set(next, 'Later', '');
    await untilEqual(mount, copy);
    expect(after).toEqual(['exec-outcome']);
  });

  it('tell the end also of one that was open at the start, and is forgotten when this VM hears of it again', async () => {
    const bed = new Bed();
    const { device, game, copy } = await pair(bed);
    const command = { type: 'Exec', target: './MO/Run', addressees: ['phone'] } as const;
    const { exec: id = '' } = await device.execute(command);
    await until('the VM knows of it', () => copy.replica.exec(id) !== undefined);
    const [mount] = await again(bed, game);
    const after = told(mount);
    mount.replica.forgetLocalExecs(mount.replica.openExecs());
    await settle();
    expect(after).toEqual(['exec-closed']);
  });

  it('are each told once, the outcome after all answers', async () => {
    const { device, hub } = await pair(new Bed());
    const events = mountEvents(hub);
    await hub.whenExecClosed(await order(device));
    await settle();
    const types = events.map(({ type }) => type).filter((type) => type.startsWith('exec-'));
    expect(types.slice(0, 2)).toEqual(['exec-result', 'exec-result']);
    expect(types.slice(2).sort()).toEqual(['exec-closed', 'exec-outcome']);
  });
});
