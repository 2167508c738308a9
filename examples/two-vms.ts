import { type ExecOutcome, type MountOptions, openVm, preSharedTokens } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { fumo } from 'virmo-sync/mo/fumo';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';

// Two VMs, here in one process: each has a management tree, and FUMO in it. State stays each one's own.
const rootAcl = 'Add=*&Get=*&Replace=*&Exec=*';
const device = await openVm({ id: 'device', storage: memoryStorage(), rootAcl });
const game = await openVm({ id: 'game', storage: memoryStorage() });
const options: MountOptions = {
  mo: 'fumo',
  schema: fumo,
  nodes: ['./DownloadAndUpdate'],
  rules: [{ path: './State', share: 'local' }],
};

// What each VM does when a firmware update is ordered. Said right after the mount, before anything else is awaited:
// an Exec that finds no handler is answered so. URIs are relative to the management object's root.
const deviceFumo = await device.mount('./FUMO', options);
deviceFumo.handleExec('./DownloadAndUpdate', async () => ({ status: 200 }));
const outcome = new Promise<ExecOutcome>((resolve) => {
  deviceFumo.observe((event) => event.type === 'exec-outcome' && resolve(event.outcome));
});
const gameFumo = await game.mount('./FUMO', options);
gameFumo.handleExec('./DownloadAndUpdate', async () => ({ status: 200 }));

// The device VM serves, the Game VM connects.
const listener = webSocketListener({ host: '127.0.0.1', port: 0 });
const { address } = await device.serve(listener, { admit: preSharedTokens({ game: 'a secret' }) });
game.connect(webSocket(address), { credentials: 'a secret' });
await gameFumo.whenSynced();

// A DM server sets the URL of the firmware in the device VM, and orders the update: both VMs carry it out.
const server = 'dms.example.com';
const url = './FUMO/DownloadAndUpdate/PkgURL';
await device.execute({ type: 'Replace', target: url, data: 'https://example.com/2.pkg' }, { server });
await device.execute({ type: 'Exec', target: './FUMO/DownloadAndUpdate' }, { server });

// The outcome goes to the server in a Generic Alert. Until that is acknowledged, every VM keeps the Exec, and each start
// of the device VM tells the outcome again.
const { exec, results } = await outcome;
for (const vm of ['device', 'game']) console.log(`${vm}: ${results.get(vm)?.status}`);
await deviceFumo.acknowledgeOutcome(exec);

const { results: found } = await game.execute({ type: 'Get', target: url });
console.log(`in the Game VM: ${found?.[0]?.data}`);
console.log(`equal: ${deviceFumo.export() === gameFumo.export()}`);

await game.close();
await device.close();
