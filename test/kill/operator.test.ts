import type { Mount, Vm } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { describe, expect, it } from 'vitest';
import { Bed, SteeredStorage, set, until } from '../vm/bed.ts';
import { Books } from './books.ts';
import { lostOf } from './lost-list.ts';
import type { Answer, Order } from './messages.ts';
import { Operator } from './operator.ts';
import type { Register } from './registers.ts';

const register: Register = 'one ./leaf';

/** The hub adds a leaf, and a VM writes to it; the hub is killed before its disk has the Add. */
async function killedBeforeItsDiskHad(): Promise<{ readonly hub: Mount; readonly copy: Mount }> {
  const bed = new Bed();
  const storage = new SteeredStorage(memoryStorage({ disk: bed.disk('device') }));
  const device = await bed.vm('device', { storage });
  const served = await mountOne(device);
  await bed.serve(device);
  const game = await bed.vm('game');
  const copy = await mountOne(game);
  bed.connect(game);
  await copy.whenSynced();
  await until('the hub is stored', () => served.isDelivered);
  storage.hold();
  set(device, 'leaf', 'hub.1.1').catch(() => undefined);
  await until('the leaf is there', () => copy.provenance('./leaf') !== undefined);
  await set(game, 'leaf', 'ann.1.1');
  const crashed = bed.crash(device);
  storage.release();
  await crashed;
  const again = await bed.vm('device');
  const hub = await mountOne(again);
  await bed.serve(again);
  return { hub, copy };
}

function mountOne(vm: Vm): Promise<Mount> {
  return vm.mount('./MO', { mo: 'one' });
}

/** `answered`: whether the hub's command was. */
function operatorOf(hub: Mount, answered: boolean): { readonly operator: Operator; readonly books: Books } {
  const books = new Books();
  for (const [vm, mark] of [
    ['hub', 'hub.1.1'],
    ['ann', 'ann.1.1'],
  ] as const)
    books.hear(vm, { type: 'begun', mark, effects: [{ does: 'write', register }], isExec: false });
  books.hear('ann', { type: 'answered', mark: 'ann.1.1', status: 200 });
  if (answered) books.hear('hub', { type: 'answered', mark: 'hub.1.1', status: 200 });
  const ask = async (order: Order): Promise<Answer> => {
    if (order.order === 'dismiss') hub.dismissLost(order.ids);
    return order.order === 'lost' ? { lost: lostOf([hub]) } : {};
  };
  return { operator: new Operator({ ask }, books), books };
}

describe('[Y4] the operator of a hub that was killed', () => {
  it('dismisses what nobody brings back, so that what waits for it is delivered', async () => {
    const { hub, copy } = await killedBeforeItsDiskHad();
    const { operator, books } = operatorOf(hub, false);
    await operator.untilDelivered(copy.whenDelivered());
    expect([copy.isDelivered, copy.syncState()]).toMatchObject([true, { pending: 0 }]);
    expect(hub.lostWrites()).toEqual([]);
    expect(books.conflicts.isLost(register, 'ann.1.1')).toBe(true);
  });

  it('dismisses nothing of what may be about to be brought back', async () => {
    const { hub } = await killedBeforeItsDiskHad();
    const { operator } = operatorOf(hub, false);
    await operator.look();
    await until('it is listed', () => lostOf([hub]).values.length === 2);
    await operator.look();
    expect(lostOf([hub]).values).toHaveLength(2);
    await operator.look();
    expect(hub.lostWrites()).toEqual([]);
  });

  it('leaves what was acknowledged to be found', async () => {
    const { hub, copy } = await killedBeforeItsDiskHad();
    const { operator } = operatorOf(hub, true);
    await until('it is listed', () => lostOf([hub]).values.length === 2);
    for (let looks = 0; looks < 3; looks++) await operator.look();
    expect(lostOf([hub]).values).toHaveLength(2);
    expect(copy.isDelivered).toBe(false);
  });
});
