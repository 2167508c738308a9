import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Dialer, openVm, preSharedTokens } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { afterAll, describe, expect, it } from 'vitest';
import { openVmIn } from '../../src/vm/vm.ts';
import { systemWorld, type World } from '../../src/vm/world.ts';
import {
  anyone,
  Bed,
  closeLater,
  get,
  mountEvents,
  SteeredStorage,
  set,
  settle,
  tokens,
  until,
  untilEqual,
  vmEvents,
} from './bed.ts';

const folders: string[] = [];

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'virmo-vm-'));
  folders.push(path);
  return path;
}

afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** Runs the child until it ends, or until it has said this; gives its lines and its exit code. */
async function child(
  path: string,
  how: 'close' | 'crash',
  killAfter?: string,
): Promise<{ lines: string[]; code: unknown }> {
  const script = fileURLToPath(new URL('vm-child.ts', import.meta.url));
  const args = ['--conditions=virmo-source', '--import', 'tsx', script, path, how];
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: process_.stdout })) {
    lines.push(line);
    if (line === killAfter) process_.kill('SIGKILL');
  }
  if (process_.exitCode === null && process_.signalCode === null) await once(process_, 'exit');
  return { lines, code: process_.exitCode };
}

describe('after close', () => {
  it('a process with a hub and a VM, real sockets and a real disk, ends by itself', async () => {
    const { lines, code } = await child(folder(), 'close');
    expect(lines.at(-1)).toBe('closed');
    expect(code).toBe(0);
  });

  it('nothing is told and nothing is written any more', async () => {
    const bed = new Bed();
    const { device, game, hub, copy } = await bed.pair();
    await set(game, 'A', '1');
    await untilEqual(hub, copy);
    const events = [vmEvents(device), vmEvents(game), mountEvents(hub), mountEvents(copy)];
    await game.close();
    await device.close();
    await game.close();
    await settle();
    const before = events.map(({ length }) => length);
    bed.network.cut();
    bed.network.heal();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(events.map(({ length }) => length)).toEqual(before);
    expect(events[1]?.some(({ type }) => type === 'disconnected')).toBe(false);
  });

  it('what was to be done at the end of this turn is called off', async () => {
    const waiting = new Set<object>();
    const afterTurn: World['afterTurn'] = (call) => {
      const token = {};
      waiting.add(token);
      const cancel = systemWorld.afterTurn(() => {
        waiting.delete(token);
        call();
      });
      return () => {
        waiting.delete(token);
        cancel();
      };
    };
    const vm = await openVmIn({ id: 'game', storage: memoryStorage() }, { ...systemWorld, afterTurn });
    const mount = await vm.mount('./MO', { mo: 'mo' });
    await settle();
    mount.handleExec('.', () => ({ status: 200 }));
    await vm.close();
    expect(waiting.size).toBe(0);
  });

  it('what was executed right before is stored', async () => {
    const bed = new Bed();
    const game = await bed.vm('game');
    await game.mount('./MO', { mo: 'mo' });
    const answers = ['A', 'B'].map((name) =>
      game.execute({ type: 'Add', target: `./MO/${name}`, data: '1' }),
    );
    await game.close();
    expect(await Promise.all(answers)).toEqual([{ status: 200 }, { status: 200 }]);
    const again = await bed.vm('game');
    await again.mount('./MO', { mo: 'mo' });
    expect([await get(again, './MO/A'), await get(again, './MO/B')]).toEqual(['1', '1']);
  });

  it('nothing can be mounted or unmounted, nor is what was being mounted', async () => {
    const storage = new SteeredStorage();
    const vm = await openVm({ id: 'vm', storage });
    const mount = await vm.mount('./MO', { mo: 'mo' });
    storage.hold();
    const mounting = vm.mount('./Other', { mo: 'other' });
    await until('it is being stored', () => storage.compactions > 1);
    const closing = vm.close();
    storage.release();
    await expect(mounting).rejects.toMatchObject({ code: 'closed' });
    await expect(vm.mount('./Third', { mo: 'third' })).rejects.toMatchObject({ code: 'closed' });
    await expect(vm.unmount(mount, { keep: true })).rejects.toMatchObject({ code: 'closed' });
    await closing;
  });

  it('waits for a channel that the agent is closing itself', async () => {
    const bed = new Bed();
    const { game, copy, connection: first } = await bed.pair();
    await first.close();
    let isClosed = false;
    const dialer = bed.network.dialer('device');
    const lingering: Dialer = {
      dial: async (options) => {
        const channel = await dialer.dial(options);
        const close = channel.close.bind(channel);
        return Object.assign(channel, {
          close: async () => {
            await close();
            await new Promise((resolve) => setTimeout(resolve, 20));
            isClosed = true;
          },
        });
      },
    };
    const connection = game.connect(lingering, { credentials: tokens.game });
    await copy.whenSynced();
    void connection.close();
    await game.close();
    expect(isClosed).toBe(true);
  });

  it('the storage and all sessions are closed also when a listener could not be', async () => {
    const bed = new Bed();
    const vm = await bed.vm('vm');
    const listener = bed.network.listen('vm');
    const stuck = Object.assign(Object.create(listener), {
      close: async () => {
        await listener.close();
        throw new Error('stuck');
      },
    });
    await vm.mount('./MO', { mo: 'mo' });
    await vm.serve(stuck, { admit: anyone });
    const game = await bed.vm('game');
    const copy = await game.mount('./MO', { mo: 'mo' });
    bed.connect(game, {}, 'vm');
    await copy.whenSynced();
    await expect(vm.close()).rejects.toThrow('stuck');
    await until('the other VM is let go', () => !copy.isSynced);
    await bed.vm('vm');
  });

  it('a close in the middle of everything leaves nothing behind', async () => {
    const bed = new Bed();
    const { device, game, copy } = await bed.pair();
    const waits = [copy.whenExecClosed('never'), copy.whenDelivered()].map((wait) =>
      wait.catch(() => 'closed'),
    );
    const writes = Array.from({ length: 20 }, (_, at) =>
      game.execute({ type: 'Add', target: `./MO/A${at}`, data: '1' }).then(
        () => 'stored',
        () => 'not stored',
      ),
    );
    const mounting = game.mount('./Other', { mo: 'other' }).catch(() => 'closed');
    await Promise.all([game.close(), device.close()]);
    expect(await Promise.all(writes)).toEqual(Array(20).fill('stored'));
    await Promise.all([...waits, mounting]);
  });
});

describe('over WebSocket and on LMDB', () => {
  it('two VMs are in step, restart from their disks, and go on', async () => {
    const path = folder();
    const start = async () => {
      const device = await openVm({ id: 'device', storage: lmdb(join(path, 'device')) });
      const game = await openVm({ id: 'game', storage: lmdb(join(path, 'game')) });
      closeLater(device);
      closeLater(game);
      const hub = await device.mount('./MO', { mo: 'mo' });
      const copy = await game.mount('./MO', { mo: 'mo' });
      const admit = preSharedTokens({ game: 'secret' });
      const service = await device.serve(webSocketListener({ port: 0, host: '127.0.0.1' }), { admit });
      game.connect(webSocket(service.address), { credentials: 'secret' });
      await copy.whenSynced();
      return { device, game, hub, copy };
    };
    const first = await start();
    await Promise.all([set(first.device, 'A', 'device'), set(first.game, 'B', 'x'.repeat(2_000_000))]);
    await untilEqual(first.hub, first.copy);
    const shown = first.hub.export();
    await first.game.close();
    await first.device.close();
    const second = await start();
    expect([second.hub.export(), second.copy.export()]).toEqual([shown, shown]);
    await set(second.game, 'A', 'game');
    await untilEqual(second.hub, second.copy);
    expect(await get(second.device, './MO/A')).toBe('game');
  });

  it('[X2] a process killed inside a handler does not run it again', async () => {
    const path = folder();
    const { lines } = await child(path, 'crash', 'inside');
    const exec = lines.find((line) => line.startsWith('device:'));
    const device = await openVm({ id: 'device', storage: lmdb(join(path, 'device')) });
    const game = await openVm({ id: 'game', storage: lmdb(join(path, 'game')) });
    closeLater(device);
    closeLater(game);
    const hub = await device.mount('./MO', { mo: 'mo' });
    const copy = await game.mount('./MO', { mo: 'mo' });
    let runs = 0;
    copy.handleExec('./Run', () => {
      runs++;
      return { status: 200 };
    });
    const admit = preSharedTokens({ game: 'secret' });
    const service = await device.serve(webSocketListener({ port: 0, host: '127.0.0.1' }), { admit });
    game.connect(webSocket(service.address), { credentials: 'secret' });
    await copy.whenSynced();
    const open = hub.replica.openExecs()[0]?.id ?? exec ?? '';
    const results = await hub.whenExecClosed(open);
    expect(results.get('game')).toMatchObject({ answer: 'interrupted' });
    expect(runs).toBe(0);
  });

  it('a wrong token is turned away', async () => {
    const device = await openVm({ id: 'device', storage: memoryStorage() });
    const game = await openVm({ id: 'game', storage: memoryStorage() });
    closeLater(device);
    closeLater(game);
    const admit = preSharedTokens({ game: 'secret' });
    const service = await device.serve(webSocketListener({ port: 0, host: '127.0.0.1' }), { admit });
    const events = vmEvents(game);
    game.connect(webSocket(service.address), { credentials: 'guess' });
    await until('it gave up', () => events.length > 0);
    expect(events).toMatchObject([{ type: 'gave-up', error: { code: 'not-admitted' } }]);
  });
});
