import type { ConnectOptions, MountOptions, ServeOptions } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { anyone, Bed } from './bed.ts';

const noNumbers = [0, -1, Number.NaN, Number.POSITIVE_INFINITY];

describe('what an agent sets and cannot be', () => {
  it.each<readonly [string, ConnectOptions]>(
    noNumbers.flatMap((value) => [
      [`silenceMs of ${value}`, { silenceMs: value }],
      [`maxMessageBytes of ${value}`, { maxMessageBytes: value }],
      [`backoff.firstMs of ${value}`, { backoff: { firstMs: value } }],
      [`backoff.maxMs of ${value}`, { backoff: { maxMs: value } }],
    ]),
  )('a connection’s %s throws RangeError and connects nothing', async (what, options) => {
    const bed = new Bed();
    const game = await bed.vm('game');
    await game.mount('./MO', { mo: 'mo' });
    expect(() => game.connect(bed.network.dialer('device'), options)).toThrow(what.replace(' of ', ' is '));
    expect(() => game.connect(bed.network.dialer('device'), options)).toThrow(RangeError);
    await bed.connect(game).close();
  });

  it.each<readonly [string, Partial<ServeOptions>]>(
    [...noNumbers, 1.5].flatMap((value) => [
      ...(value === 1.5 ? [] : ([[`silenceMs of ${value}`, { silenceMs: value }]] as const)),
      [`maxMessageBytes of ${value}`, { maxMessageBytes: value }],
      [`maxOpenMos of ${value}`, { maxOpenMos: value }],
    ]),
  )('a service’s %s rejects with RangeError and closes the listener', async (what, options) => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await device.mount('./MO', { mo: 'mo' });
    const serving = device.serve(bed.network.listen('device'), { admit: anyone, ...options });
    await expect(serving).rejects.toThrow(RangeError);
    await expect(serving).rejects.toThrow(what.replace(' of ', ' is '));
    await bed.serve(device);
  });

  it.each<readonly [string, Partial<MountOptions>]>([
    ['maxAheadMs', { maxAheadMs: -1 }],
    ['maxAheadMs', { maxAheadMs: Number.NaN }],
    ['execExpiryMs', { execExpiryMs: 0 }],
    ['execExpiryMs', { execExpiryMs: Number.POSITIVE_INFINITY }],
    ['execExpiryMs', { execExpiryMs: 1.5 }],
    ['maxCommandBytes', { maxCommandBytes: Number.NaN }],
    ['maxAbsenceMs', { maxAbsenceMs: -1 }],
    ['maxTombstoneBytes', { maxTombstoneBytes: Number.NaN }],
  ])('a mount’s %s rejects with RangeError and mounts nothing: %j', async (what, options) => {
    const game = await new Bed().vm('game');
    const mounting = game.mount('./MO', { mo: 'mo', ...options });
    await expect(mounting).rejects.toThrow(RangeError);
    await expect(mounting).rejects.toThrow(what);
    await game.mount('./MO', { mo: 'mo' });
  });

  it.each([
    ['empty', ''],
    ['of 65 characters', 'x'.repeat(65)],
    ['with half a surrogate pair', 'a\uD83D'],
  ])('a name %s is none of a VM and none of a management object', async (_, name) => {
    const bed = new Bed();
    await expect(bed.vm(name)).rejects.toThrow(RangeError);
    const game = await bed.vm('game');
    await expect(game.mount('./MO', { mo: name })).rejects.toThrow(RangeError);
  });
});

describe('times at their limits', () => {
  it('are taken', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const game = await bed.vm('game');
    const longest = 2 ** 31 - 1;
    for (const vm of [device, game])
      await vm.mount('./MO', {
        ...{ mo: 'mo', maxAheadMs: Number.POSITIVE_INFINITY, execExpiryMs: 2 ** 40 },
        ...{ maxAbsenceMs: Number.POSITIVE_INFINITY, maxTombstoneBytes: 0 },
      });
    await bed.serve(device, { silenceMs: longest, maxOpenMos: 1, maxMessageBytes: 2 ** 40 });
    const connection = bed.connect(game, {
      silenceMs: longest,
      backoff: { firstMs: longest, maxMs: longest },
    });
    await connection.close();
  });
});
