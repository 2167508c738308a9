import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Mount, openVm, preSharedTokens, type Vm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { firmwareMount } from '../../examples/fumo/agent.ts';
import { Example } from './example.ts';

const TOKEN = 'for this test';
const update = './FUMO/DownloadAndUpdate';

describe('examples/two-vms.ts', () => {
  it('brings a DM server’s commands from one VM to the other', async () => {
    await using example = new Example('two-vms.ts');
    expect(await example.ended()).toBe(0);
    expect(example.output).toBe(
      'device: 200\ngame: 200\nin the Game VM: https://example.com/2.pkg\nequal: true\n',
    );
  });
});

describe('examples/firmware-update.ts', () => {
  it('tells the DM server the worse of two outcomes, with each VM’s State its own', async () => {
    await using example = new Example('firmware-update.ts');
    expect(await example.ended()).toBe(0);
    expect(example.output).toBe(
      `Replace of dms.example.com: 200
Exec of dms.example.com: 202
Alert 1226 to dms.example.com: org.openmobilealliance.dm.firmwareupdate.downloadandupdate 402 (critical), correlator update-2
  device answered 200
  game answered 402: the signature of /var/firmware/2.pkg is wrong
State: device 90, game 70
State after clean-up: device 10, game 10
`,
    );
  });
});

describe('examples/own-store.ts', () => {
  it('keeps a store of its own equal to the tree, in both VMs', async () => {
    await using example = new Example('own-store.ts');
    expect(await example.ended()).toBe(0);
    expect(example.output).toBe('./Crouch/Key = Control\n./Leap/Button = Enter\nequal: true\n');
  });
});

describe('examples/device-agent.ts', () => {
  let folder = '';
  let STORE = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'virmo-sync-agent-'));
    STORE = join(folder, 'store');
  });

  afterEach(async () => {
    await Promise.all(vms.splice(0).map((vm) => vm.close()));
    await rm(folder, { recursive: true });
  });

  it('serves, carries out a firmware update that was ordered in another VM, and has it all after a restart', async () => {
    {
      await using agent = new Example('device-agent.ts', { STORE, TOKEN, PORT: '0' });
      const [, url = ''] = await agent.says(/serving at (\S+)/);
      const game = await open('game');
      const mount = await mountFumo(game);
      game.connect(webSocket(url), { credentials: TOKEN });
      await mount.whenSynced();
      await game.execute({ type: 'Replace', target: `${update}/PkgURL`, data: 'https://example.com/3.pkg' });
      expect(await orderUpdate(game, mount)).toEqual({ device: 200, game: 200 });
      await mount.whenDelivered();
      expect(await agent.stop()).toBe(0);
      await game.close();
    }
    await using again = new Example('device-agent.ts', { STORE, TOKEN, PORT: '0' });
    const [, url = ''] = await again.says(/serving at (\S+)/);
    const game = await open('game');
    const mount = await mountFumo(game);
    game.connect(webSocket(url), { credentials: TOKEN });
    await mount.whenSynced();
    const { results } = await game.execute({ type: 'Get', target: `${update}/PkgURL` });
    expect(results?.[0]?.data).toBe('https://example.com/3.pkg');
    expect(await again.stop()).toBe(0);
  });

  it('tells a DM server what became of its Exec, and after a restart no more, since that is acknowledged', async () => {
    const device = await openVm({ id: 'device', storage: lmdb(STORE) });
    vms.push(device);
    const mount = await mountFumo(device);
    const command = { type: 'Exec', target: update, correlator: 'update-3' } as const;
    await device.execute({ type: 'Replace', target: './FUMO?prop=ACL', data: 'Exec=dms' });
    const { exec = '' } = await device.execute(command, { server: 'dms' });
    await vi.waitUntil(() => mount.pendingOutcomes().some((outcome) => outcome.exec === exec));
    await device.close();
    const alert = /Alert 1226 to dms: .*downloadandupdate 200, correlator update-3/;
    {
      await using agent = new Example('device-agent.ts', { STORE, TOKEN, PORT: '0' });
      await agent.says(alert);
      await agent.says(/^acknowledged$/m);
      await agent.says(/serving at/);
      expect(await agent.stop()).toBe(0);
    }
    await using again = new Example('device-agent.ts', { STORE, TOKEN, PORT: '0' });
    await again.says(/serving at/);
    expect(await again.stop()).toBe(0);
    expect(again.output).not.toMatch(alert);
  });

  it('connects to a hub, and carries out what was ordered there', async () => {
    const device = await open('device');
    const mount = await mountFumo(device);
    const listener = webSocketListener({ host: '127.0.0.1', port: 0 });
    const { address: HUB } = await device.serve(listener, { admit: preSharedTokens({ game: TOKEN }) });
    await using agent = new Example('device-agent.ts', { VM_ID: 'game', STORE, TOKEN, HUB });
    await agent.says(/^synced$/m);
    await device.execute({ type: 'Replace', target: `${update}/PkgURL`, data: 'https://example.com/2.pkg' });
    expect(await orderUpdate(device, mount)).toEqual({ device: 200, game: 200 });
    expect(await agent.stop()).toBe(0);
  });
});

const vms: Vm[] = [];

/** A VM that is closed when the test ends. */
async function open(id: string): Promise<Vm> {
  const vm = await openVm({ id, storage: memoryStorage() });
  vms.push(vm);
  return vm;
}

async function mountFumo(vm: Vm): Promise<Mount> {
  const mount = await vm.mount('./FUMO', firmwareMount);
  mount.handleExec('./DownloadAndUpdate', async () => ({ status: 200 }));
  return mount;
}

/** Each VM's status, by VM. */
async function orderUpdate(vm: Vm, mount: Mount): Promise<Record<string, number>> {
  const { exec = '' } = await vm.execute({ type: 'Exec', target: update });
  const results = await mount.whenExecClosed(exec);
  return Object.fromEntries([...results].map(([id, { status }]) => [id, status]).sort());
}
