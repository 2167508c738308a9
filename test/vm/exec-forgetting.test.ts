import type { Mount, Vm } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { Bed, MovedClock, mountEvents, set, settle, until, untilEqual } from './bed.ts';

const hour = 3_600_000;

interface Timed {
  readonly device: Vm;
  readonly game: Vm;
  readonly hub: Mount;
  readonly copy: Mount;
  /** Lets the hub's patience run out. */
  pass(): void;
}

/** A hub and a VM with ./MO/Run and a handler each, on clocks that can be moved. */
async function pair(bed: Bed): Promise<Timed> {
  const clock = new MovedClock();
  const [device, game] = [await bed.hurried('device', clock), await bed.hurried('game', clock)];
  const hub = await device.mount('./MO', { mo: 'mo' });
  const copy = await game.mount('./MO', { mo: 'mo' });
  await bed.serve(device);
  bed.connect(game);
  await copy.whenSynced();
  await set(device, 'Run', '');
  await untilEqual(hub, copy);
  for (const mount of [hub, copy]) mount.handleExec('./Run', () => ({ status: 200 }));
  return {
    ...{ device, game, hub, copy },
    pass: () => {
      clock.aheadMs += hour;
    },
  };
}

async function order(vm: Vm, server?: string): Promise<string> {
  const { exec = '' } = await vm.execute({ type: 'Exec', target: './MO/Run' }, server ? { server } : {});
  return exec;
}

function isForgotten(...mounts: readonly Mount[]): () => boolean {
  return () => mounts.every(({ replica }) => replica.knownExecs().length === 0);
}

describe('[X3] Execs that are over', () => {
  it('[Y5] are forgotten by all, when all have told that they have seen it', async () => {
    const { device, game, hub, copy, pass } = await pair(new Bed());
    const events = mountEvents(copy);
    const ids = [await order(device), await order(game)];
    for (const id of ids) await Promise.all([hub.whenExecClosed(id), copy.whenExecClosed(id)]);
    await until('both have forgotten', () => {
      // The hub may not have heard yet how far the VM is, and forgets less the first time.
      pass();
      return isForgotten(hub, copy)();
    });
    expect(events.filter(({ type }) => type === 'exec-closed')).toHaveLength(2);
    expect(hub.execResults(ids[0] ?? '').size).toBe(0);
    await expect(hub.whenExecClosed(ids[0] ?? '')).rejects.toThrow(RangeError);
    await expect(copy.whenExecClosed(ids[1] ?? '')).rejects.toThrow(/not known any more/);
    await copy.whenExecClosed(await order(game));
  });

  it('stay while the DM server has not acknowledged the outcome', async () => {
    const { device, hub, copy, pass } = await pair(new Bed());
    await device.execute({ type: 'Replace', target: './MO?prop=ACL', data: 'Exec=dms' });
    const id = await order(device, 'dms');
    const own = await order(device);
    await Promise.all([hub.whenExecClosed(id), hub.whenExecClosed(own), copy.whenExecClosed(own)]);
    pass();
    await until('the other is forgotten', () => hub.replica.knownExecs().length === 1);
    expect(hub.pendingOutcomes().map(({ exec }) => exec)).toEqual([id]);
    await hub.acknowledgeOutcome(id);
    await until('both have forgotten', () => {
      // The hub may not have heard yet how far the VM is, and forgets less the first time.
      pass();
      return isForgotten(hub, copy)();
    });
    await hub.acknowledgeOutcome(id);
    expect(hub.replica.knownExecs()).toEqual([]);
  });

  it('stay known where they are until a member that is away has come', async () => {
    const bed = new Bed();
    const { device, hub, copy, pass } = await pair(bed);
    const phone = await bed.hurried('phone');
    const away = await phone.mount('./MO', { mo: 'mo' });
    const connection = bed.connect(phone);
    await away.whenSynced();
    await connection.close();
    const id = await order(device);
    away.handleExec('./Run', () => ({ status: 200 }));
    await until('the others have answered', () => hub.execResults(id).size === 2);
    pass();
    await settle(200);
    expect(hub.replica.knownExecs()).toHaveLength(1);
    bed.connect(phone);
    await away.whenExecClosed(id);
    await until('all have forgotten', isForgotten(hub, copy, away));
  });

  it('[S1] of one VM alone are forgotten by it, soon', async () => {
    const bed = new Bed();
    const vm = await bed.hurried('game');
    const rules = [{ path: './Run', share: 'local' }] as const;
    const mount = await vm.mount('./MO', { mo: 'mo', rules });
    await set(vm, 'Run', '');
    mount.handleExec('./Run', () => ({ status: 200 }));
    for (let n = 0; n < 20; n++) {
      const id = await order(vm);
      expect((await mount.whenExecClosed(id)).size).toBe(1);
    }
    await until('it has forgotten', isForgotten(mount));
    await vm.close();
    const again = await bed.hurried('game');
    const next = await again.mount('./MO', { mo: 'mo', rules });
    await until('what its disk tells is forgotten too', isForgotten(next));
  });
});
