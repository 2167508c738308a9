/**
 * An agent with a tree store of its own: what others change comes in through `observe`, what its device changes goes out through `execute`.
 *
 *     npx tsx --conditions=virmo-source examples/own-store.ts
 */
import { type Change, type Data, isSuccess, type Mount, openVm, type Vm } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';

/** The device's store: leaves by their URI within the management object. */
type Store = Map<string, Data>;

/** Fills the store with the management object, and keeps it so from now on. */
async function keepFilled(store: Store, vm: Vm, mount: Mount): Promise<void> {
  mount.observe((event) => {
    if (event.type === 'changed') apply(store, event.changes);
  });
  const { results = [] } = await vm.execute({ type: 'Get', target: `${mount.uri}?list=StructData` });
  for (const { uri, data } of results) {
    if (data !== undefined) store.set(`.${uri.slice(mount.uri.length)}`, data);
  }
}

/** Changes come in an order in which a store can apply them: removals, renames (the deepest first), then the rest, parents first. */
function apply(store: Store, changes: readonly Change[]): void {
  const incoming = new Map<string, Data>();
  for (const change of changes) {
    switch (change.type) {
      case 'removed':
        take(store, change.uri);
        break;
      case 'renamed':
        for (const [rest, data] of take(store, change.from)) incoming.set(change.uri + rest, data);
        break;
      case 'added':
      case 'value':
        if (change.value !== undefined) incoming.set(change.uri, change.value.data);
        break;
      case 'property':
        break;
    }
  }
  for (const [uri, data] of incoming) store.set(uri, data);
}

/** Takes a node and all below it out of the store; gives the leaves by the rest of their URIs. */
function take(store: Store, top: string): Map<string, Data> {
  const taken = new Map<string, Data>();
  for (const [uri, data] of store) {
    if (uri !== top && !uri.startsWith(`${top}/`)) continue;
    store.delete(uri);
    taken.set(uri.slice(top.length), data);
  }
  return taken;
}

/** The device itself edits: the store follows through `observe`, as do all other VMs. */
async function edit(vm: Vm, mount: Mount, uri: string, data: string): Promise<void> {
  const target = mount.uri + uri.slice(1);
  const { status } = await vm.execute({ type: 'Replace', target, data });
  if (isSuccess(status)) return;
  const added = await vm.execute({ type: 'Add', target, data });
  if (!isSuccess(added.status)) throw new Error(`${uri} could not be written: ${added.status}`);
}

const network = memoryNetwork();
const device = await openVm({ id: 'device', storage: memoryStorage() });
const game = await openVm({ id: 'game', storage: memoryStorage() });
const onDevice = await device.mount('./Vendor/Keys', { mo: 'keys' });
const inGame = await game.mount('./Keys', { mo: 'keys' });
const [deviceStore, gameStore]: [Store, Store] = [new Map(), new Map()];
await keepFilled(deviceStore, device, onDevice);
await keepFilled(gameStore, game, inGame);
await device.serve(network.listen('device'), { admit: ({ vm }) => vm === 'game' });
game.connect(network.dialer('device'));
await inGame.whenSynced();

await edit(game, inGame, './Jump/Key', 'Space');
await edit(game, inGame, './Jump/Hold', 'no');
await inGame.whenMerged();
const leap = { type: 'Replace', target: './Vendor/Keys/Jump?prop=Name', data: 'Leap' } as const;
const button = { type: 'Replace', target: './Vendor/Keys/Leap/Key?prop=Name', data: 'Button' } as const;
await device.execute({ type: 'Atomic', commands: [leap, button] });
await edit(device, onDevice, './Leap/Button', 'Enter');
await device.execute({ type: 'Delete', target: './Vendor/Keys/Leap/Hold' });
await edit(game, inGame, './Crouch/Key', 'Control');
await inGame.whenMerged();

for (const [uri, data] of [...gameStore].sort()) console.log(`${uri} = ${data}`);
console.log(`equal: ${JSON.stringify([...deviceStore].sort()) === JSON.stringify([...gameStore].sort())}`);
await game.close();
await device.close();
