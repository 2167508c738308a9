import type { Mount, Vm } from 'virmo-sync';
import { instrumentVm } from 'virmo-sync/opentelemetry';
import { describe, expect, it } from 'vitest';
import { repositorySources } from '../../../architecture/sources.ts';
import { Bed, SteeredStorage, set, settle, until } from '../../../vm/bed.ts';
import { type Collected, CollectingMeter } from './collecting-meter.ts';

/** The one value of an instrument; `undefined` where there is none. */
function told(collected: readonly Collected[], name: string, peer?: string): number | undefined {
  const found = collected.filter(
    (each) => each.name === `virmo.sync.${name}` && (!peer || each.attributes['virmo.peer'] === peer),
  );
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

async function inStep(): Promise<{ device: Vm; game: Vm; hub: Mount; copy: Mount; disk: SteeredStorage }> {
  const bed = new Bed();
  const disk = new SteeredStorage();
  const device = await bed.vm('device', { storage: disk });
  const hub = await device.mount('./MO', { mo: 'mo' });
  await bed.serve(device);
  const game = await bed.vm('game');
  const copy = await game.mount('./MO', { mo: 'mo' });
  bed.connect(game);
  await copy.whenSynced();
  await settle();
  return { device, game, hub, copy, disk };
}

describe('the instruments', () => {
  it('are named and described by the conventions, each once', async () => {
    const meter = new CollectingMeter();
    instrumentVm(await new Bed().vm('game'), meter);
    const names = meter.instruments.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, options } of meter.instruments) {
      expect(name).toMatch(/^virmo\.sync(\.[a-z]+(_[a-z]+)*)+$/);
      expect(options.unit).toMatch(/^(s|By|\{[a-z_]+\})$/);
      expect(options.description).toMatch(/\.$/);
      expect(options.valueType).toBe(options.unit === 's' ? 1 : 0);
      expect(names.filter((other) => other.startsWith(`${name}.`))).toEqual([]);
    }
  });

  it('stand in the adapter’s README, with kind and unit', async () => {
    const meter = new CollectingMeter();
    instrumentVm(await new Bed().vm('game'), meter);
    const path = 'adapters/metrics/opentelemetry/README.md';
    const readme = repositorySources().find((source) => source.path === path)?.text ?? '';
    const rows = readme.split('\n').filter((line) => line.startsWith('| `virmo.'));
    const cells = rows.map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    const kinds = { gauge: 'Gauge', 'up-down-counter': 'UpDownCounter', counter: 'Counter' } as const;
    expect(cells.map(([, name, kind, unit]) => [name, kind, unit])).toEqual(
      meter.instruments.map(({ name, kind, options }) => [name, kinds[kind], options.unit]),
    );
  });
});

describe('a VM that is instrumented', () => {
  it('tells what waits of its own commands, before it met a hub and after', async () => {
    const bed = new Bed();
    let clock = 1_000_000;
    const game = await bed.vm('game', { now: () => clock });
    const meter = new CollectingMeter();
    instrumentVm(game, meter);
    expect(await meter.collect()).toEqual([]);
    const copy = await game.mount('./MO', { mo: 'mo' });
    await set(game, 'A', '1');
    await set(game, 'B', '1');
    clock += 2_500;
    const alone = await meter.collect();
    expect(told(alone, 'command.pending')).toBe(2);
    expect(told(alone, 'command.pending_age')).toBe(2.5);
    expect(told(alone, 'synced')).toBe(0);
    expect(told(alone, 'peer.connected')).toBeUndefined();
    expect(alone.find(({ name }) => name === 'virmo.sync.command.pending')?.attributes).toEqual({
      'virmo.vm': 'game',
      'virmo.mo': 'mo',
      'virmo.role': 'follower',
    });
    const device = await bed.vm('device', { now: () => clock });
    await device.mount('./MO', { mo: 'mo' });
    await bed.serve(device);
    bed.connect(game);
    await copy.whenDelivered();
    const connected = await meter.collect();
    expect(told(connected, 'command.pending', 'device')).toBe(0);
    expect(told(connected, 'command.pending_age', 'device')).toBe(0);
    expect(told(connected, 'peer.connected', 'device')).toBe(1);
    expect(told(connected, 'peer.silence', 'device')).toBeLessThan(60);
    expect(told(connected, 'synced')).toBe(1);
    expect(told(connected, 'place.known')).toBe(copy.replica.place);
  });

  it('tells of each member where it serves', async () => {
    const { device, game, hub, copy, disk } = await inStep();
    const meter = new CollectingMeter();
    instrumentVm(device, meter);
    instrumentVm(game, meter);
    disk.hold();
    await set(game, 'A', '1');
    await copy.whenMerged();
    const held = await meter.collect();
    const roles = held.filter(({ name }) => name === 'virmo.sync.command.undelivered');
    expect(roles.map(({ value, attributes }) => [value, attributes])).toEqual([
      [1, { 'virmo.vm': 'device', 'virmo.mo': 'mo', 'virmo.role': 'hub', 'virmo.peer': 'game' }],
      [1, { 'virmo.vm': 'game', 'virmo.mo': 'mo', 'virmo.role': 'follower', 'virmo.peer': 'device' }],
    ]);
    disk.release();
    await copy.whenDelivered();
    await until('the member told its place', () => {
      const state = hub.syncState();
      return state.role === 'hub' && state.members[0]?.lagPlaces === 0;
    });
    const settled = await meter.collect();
    for (const metric of ['lag', 'command.undelivered', 'command.refused', 'peer.behind', 'queue.size'])
      expect(told(settled, metric, 'game')).toBe(0);
    expect(told(settled, 'peer.connected', 'game')).toBe(1);
  });

  it('counts what was refused', async () => {
    const { device, game, copy } = await inStep();
    const meter = new CollectingMeter();
    instrumentVm(device, meter);
    instrumentVm(game, meter);
    const tx = copy.replica.begin();
    tx.replaceTitle(copy.replica.root, 'x'.repeat(256));
    tx.commit();
    await set(game, 'A', '1');
    await copy.whenDelivered();
    const collected = await meter.collect();
    expect(told(collected, 'command.refused', 'game')).toBe(1);
    expect(told(collected, 'command.refused', 'device')).toBe(1);
  });

  it('tells nothing any more after the way out, or of what is not mounted any more', async () => {
    const { game, copy } = await inStep();
    const meter = new CollectingMeter();
    const stop = instrumentVm(game, meter);
    await game.mount('./Other', { mo: 'other' });
    const mos = async (): Promise<unknown[]> => [
      ...new Set((await meter.collect()).map(({ attributes }) => attributes['virmo.mo'])),
    ];
    expect(await mos()).toEqual(['mo', 'other']);
    await game.unmount(copy, { keep: true });
    expect(await mos()).toEqual(['other']);
    stop();
    stop();
    expect(await mos()).toEqual([]);
  });
});
