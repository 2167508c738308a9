import type { Mount, MountOptions, ServeOptions, Vm } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { Bed, MovedClock, mountEvents, set, until, untilEqual, vmEvents } from './bed.ts';

const hour = 3_600_000;

interface Scene {
  readonly bed: Bed;
  readonly device: Vm;
  readonly game: Vm;
  readonly hub: Mount;
  readonly copy: Mount;
  /** An hour passes on all clocks. */
  pass(): void;
}

/** A hub and a VM in step with it, with a leaf ./MO/A each, in a hurry (`Bed.hurried`). */
async function scene(
  options: Partial<MountOptions> = {},
  serving: Partial<ServeOptions> = {},
): Promise<Scene> {
  const bed = new Bed();
  const clock = new MovedClock();
  const [device, game] = [await bed.hurried('device', clock), await bed.hurried('game', clock)];
  const hub = await device.mount('./MO', { mo: 'mo', ...options });
  const copy = await game.mount('./MO', { mo: 'mo' });
  await bed.serve(device, serving);
  await set(device, 'A', '1');
  const pass = (): void => {
    clock.aheadMs += hour;
  };
  return { bed, device, game, hub, copy, pass };
}

function members(mount: Mount): string[] {
  const state = mount.syncState();
  return state.role === 'hub' ? state.members.map(({ vm }) => vm) : [];
}

describe('[Y5] a member', () => {
  it('that an operator expels is waited for no longer; it comes back, and what was deleted does not', async () => {
    const { bed, device, game, hub, copy, pass } = await scene();
    const connection = bed.connect(game);
    await untilEqual(hub, copy);
    await connection.close();
    const events = mountEvents(hub);
    await set(game, 'B', 'meanwhile');
    await device.execute({ type: 'Delete', target: './MO/A' });
    hub.expel('game');
    expect(members(hub)).toEqual([]);
    const { place } = hub.replica;
    await until('the hub forgets', () => {
      pass();
      return hub.replica.place > place;
    });
    expect(events).toContainEqual({ type: 'expelled', vm: 'game', why: 'operator' });
    expect(copy.export()).toContain('./A');
    bed.connect(game);
    await untilEqual(hub, copy);
    expect(members(hub)).toEqual(['game']);
    expect(hub.export()).not.toContain('./A');
    expect(hub.export()).toContain('./B');
  });

  it('that is expelled while it is connected is told so, and is one again soon', async () => {
    const { bed, game, hub, copy } = await scene();
    bed.connect(game, { silenceMs: 1_000 });
    await untilEqual(hub, copy);
    const events = mountEvents(copy);
    hub.expel('game');
    await until('it hears of that', () => events.some(({ type }) => type === 'rejected'));
    const told = events.flatMap((event) => (event.type === 'rejected' ? [event.error.code] : []));
    expect(told).toEqual(['expelled']);
    await copy.whenSynced();
    expect(members(hub)).toEqual(['game']);
    await set(game, 'B', 'then');
    await untilEqual(hub, copy);
  });

  it('that is away for longer than it may be is expelled', async () => {
    const { bed, game, hub, copy } = await scene({ maxAbsenceMs: 200 });
    const connection = bed.connect(game);
    await untilEqual(hub, copy);
    const events = mountEvents(hub);
    await connection.close();
    await until('it is none any more', () => members(hub).length === 0);
    expect(events).toContainEqual({ type: 'expelled', vm: 'game', why: 'absence' });
  });

  it('for whose sake too much is kept that is over is expelled', async () => {
    const { bed, device, game, hub, copy } = await scene({ maxTombstoneBytes: 0 });
    const connection = bed.connect(game);
    await untilEqual(hub, copy);
    await connection.close();
    const events = mountEvents(hub);
    await device.execute({ type: 'Delete', target: './MO/A' });
    await until('the hub has that durably', () => hub.durablePlace === hub.replica.place);
    const { durablePlace } = hub;
    hub.replica.hub?.lookAfterMembers({ durablePlace, elapsedMs: 61_000, isConnected: () => false });
    await until('that is told', () => events.some(({ type }) => type === 'expelled'));
    expect(events).toContainEqual({ type: 'expelled', vm: 'game', why: 'tombstones' });
    expect(members(hub)).toEqual([]);
  });

  it('that is expelled is kept out, if the hub does not let it in any more', async () => {
    let isLetIn = true;
    const { bed, game, hub, copy } = await scene({}, { admit: () => isLetIn });
    const connection = bed.connect(game);
    await untilEqual(hub, copy);
    await connection.close();
    isLetIn = false;
    hub.expel('game');
    const events = vmEvents(game);
    bed.connect(game);
    await until('it is turned away', () => events.some(({ type }) => type === 'gave-up'));
    expect(members(hub)).toEqual([]);
  });

  it('is expelled by the hub alone, and is another VM', async () => {
    const { bed, game, hub, copy } = await scene();
    bed.connect(game);
    await untilEqual(hub, copy);
    expect(() => copy.expel('device')).toThrow(TypeError);
    expect(() => hub.expel('device')).toThrow(RangeError);
    expect(() => hub.expel('nobody')).toThrow(RangeError);
  });
});
