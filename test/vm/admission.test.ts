import { type Admit, preSharedTokens } from 'virmo-sync';
import { describe, expect, it } from 'vitest';
import { Bed, settle, tokens, until, vmEvents } from './bed.ts';

const peer = { kind: 'none' } as const;

describe('pre-shared tokens', () => {
  const admit = preSharedTokens({ game: 'secret', '': 'odd', 漢: '字' });

  it.each([
    ['game', 'secret', true],
    ['game', 'Secret', false],
    ['game', 'secret ', false],
    ['game', '', false],
    ['phone', 'secret', false],
    ['phone', '', false],
    ['漢', '字', true],
    ['__proto__', 'secret', false],
    ['constructor', 'Object', false],
  ])('of %j with %j: %s', (vm, credentials, isAdmitted) => {
    expect(admit({ vm, credentials, peer })).toBe(isAdmitted);
  });

  it('cannot be empty', () => {
    expect(() => preSharedTokens({ game: '' })).toThrow(RangeError);
  });

  it('are what they were when they were given', () => {
    const changing: Record<string, string> = { game: 'secret' };
    const judge = preSharedTokens(changing);
    changing.game = 'other';
    expect(judge({ vm: 'game', credentials: 'secret', peer })).toBe(true);
  });
});

describe('a VM that wants in', () => {
  it('with its token is admitted, and heard of', async () => {
    const bed = new Bed();
    const { device } = await bed.pair();
    const third = await bed.vm('third');
    const [atHub, atVm] = [vmEvents(device), vmEvents(third)];
    bed.connect(third);
    await until('it is in', () => atVm.length > 0);
    expect(atVm).toEqual([{ type: 'connected', hub: 'device' }]);
    expect(atHub).toEqual([{ type: 'joined', vm: 'third' }]);
  });

  it.each([
    ['a wrong token', 'game', 'wrong'],
    ["another VM's token", 'game', tokens.phone],
    ['no token', 'game', ''],
    ['an id that is not known', 'stranger', tokens.game],
  ])('with %s is turned away, and does not ask again by itself', async (_, id, credentials) => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await bed.serve(device);
    const vm = await bed.vm(id);
    const [atHub, atVm] = [vmEvents(device), vmEvents(vm)];
    const connection = bed.connect(vm, { credentials });
    await until('it gave up', () => atVm.length > 0);
    expect(atVm).toMatchObject([{ type: 'gave-up', error: { code: 'not-admitted' } }]);
    expect(atHub).toMatchObject([{ type: 'turned-away', vm: id, error: { code: 'not-admitted' } }]);
    expect(JSON.stringify(atHub)).not.toContain(tokens.game);
    await settle();
    expect(atVm).toHaveLength(1);
    await connection.close();
  });

  it("with the hub's own id is turned away", async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await bed.serve(device, { admit: () => true });
    const impostor = await bed.vm('device', {
      storage: (await import('virmo-sync/memory-storage')).memoryStorage(),
    });
    const events = vmEvents(impostor);
    bed.connect(impostor);
    await until('it gave up', () => events.length > 0);
    expect(events).toMatchObject([{ type: 'gave-up', error: { code: 'not-admitted' } }]);
  });

  it.each<readonly [string, Admit]>([
    [
      'throws',
      () => {
        throw new Error('the directory is down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('the directory is down'))],
  ])('is turned away when the judge %s, and not told why', async (_, admit) => {
    const bed = new Bed();
    const device = await bed.vm('device');
    await bed.serve(device, { admit });
    const game = await bed.vm('game');
    const [atHub, atVm] = [vmEvents(device), vmEvents(game)];
    bed.connect(game);
    await until('it gave up', () => atVm.length > 0);
    expect(atVm).toMatchObject([{ type: 'gave-up', error: { code: 'not-admitted' } }]);
    expect(String((atVm[0] as { error: Error }).error.message)).not.toContain('directory');
    expect(atHub).toMatchObject([
      { type: 'turned-away', vm: 'game', error: { cause: { message: 'the directory is down' } } },
    ]);
  });

  it('waits for a judge who takes his time, and is judged by all that is known of it', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    let decide: (isAdmitted: boolean) => void = () => undefined;
    const asked: unknown[] = [];
    const admit: Admit = (request) => {
      asked.push(request);
      return new Promise((resolve) => {
        decide = resolve;
      });
    };
    await bed.serve(device, { admit });
    const game = await bed.vm('game');
    const events = vmEvents(game);
    bed.connect(game);
    await until('the judge is asked', () => asked.length > 0);
    expect(asked).toEqual([{ vm: 'game', credentials: tokens.game, peer: { kind: 'none' } }]);
    await settle();
    expect(events).toEqual([]);
    decide(true);
    await until('it is in', () => events.length > 0);
    expect(events).toEqual([{ type: 'connected', hub: 'device' }]);
  });

  it('and left before it was judged does not push out its own newer channel', async () => {
    const bed = new Bed();
    const device = await bed.vm('device');
    const decisions: ((isAdmitted: boolean) => void)[] = [];
    await bed.serve(device, { admit: () => new Promise((resolve) => decisions.push(resolve)) });
    const game = await bed.vm('game');
    const [atHub, atVm] = [vmEvents(device), vmEvents(game)];
    bed.connect(game);
    await until('the judge is asked', () => decisions.length === 1);
    bed.network.cut();
    bed.network.heal();
    await until('the judge is asked again', () => decisions.length === 2);
    decisions[1]?.(true);
    await until('it is in', () => atVm.some(({ type }) => type === 'connected'));
    decisions[0]?.(true);
    await settle();
    expect(atHub.filter(({ type }) => type === 'joined' || type === 'left')).toEqual([
      { type: 'joined', vm: 'game' },
    ]);
    expect(atVm.some(({ type }) => type === 'gave-up')).toBe(false);
  });

  it('cannot show more credentials than a hello carries', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    expect(() => bed.connect(game, { credentials: 'x'.repeat(8_193) })).toThrow(RangeError);
    await bed.connect(game, { credentials: 'x'.repeat(8_192) }).close();
  });
});
