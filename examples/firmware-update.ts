/**
 * A firmware update of two VMs that share FUMO. One succeeds, the other fails: the DM server hears one outcome, the worse one.
 *
 *     npx tsx --conditions=virmo-source examples/firmware-update.ts
 */
import { openVm, type Vm } from 'virmo-sync';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import { FumoResult } from 'virmo-sync/mo/fumo';
import { FirmwareAgent, firmwareMount } from './fumo/agent.ts';
import { alertOf } from './fumo/alert.ts';
import { FirmwareFailure, type Updater } from './fumo/updater.ts';

// Where real updaters would fetch, check and flash.
const good: Updater = {
  recall: async () => ({}),
  download: async (url) => `/var/firmware/${url.split('/').at(-1)}`,
  update: async () => undefined,
  clear: async () => undefined,
};
const bad: Updater = {
  ...good,
  update: async (pkg) => {
    throw new FirmwareFailure(FumoResult.PackageCorrupt, `the signature of ${pkg} is wrong`);
  },
};

const server = 'dms.example.com';
const network = memoryNetwork();
const rootAcl = `Add=*&Get=*&Replace=${server}&Exec=${server}`;
const device = await openVm({ id: 'device', storage: memoryStorage(), rootAcl });
const game = await openVm({ id: 'game', storage: memoryStorage() });

const deviceFumo = await device.mount('./FUMO', firmwareMount);
const inDevice = await FirmwareAgent.start(device, deviceFumo, good);
const gameFumo = await game.mount('./FUMO', firmwareMount);
const inGame = await FirmwareAgent.start(game, gameFumo, bad);
await device.serve(network.listen('device'), { admit: ({ vm }) => vm === 'game' });
game.connect(network.dialer('device'));
await gameFumo.whenSynced();

// What the DM client sends to the server in its next package. The outcome is told again after each start, until the server has acknowledged the alert.
const acknowledged = new Promise<void>((resolve, reject) => {
  deviceFumo.observe((event) => {
    if (event.type !== 'exec-outcome') return;
    const { outcome } = event;
    const { data, mark, type, correlator } = alertOf(outcome, deviceFumo.uri);
    console.log(`Alert 1226 to ${outcome.server}: ${type} ${data} (${mark}), correlator ${correlator}`);
    for (const [vm, result] of [...outcome.results].sort())
      console.log(`  ${vm} answered ${result.status}${result.data && `: ${result.data}`}`);
    deviceFumo.acknowledgeOutcome(outcome.exec).then(resolve, reject);
  });
});

await serverDoes(device, 'Replace', 'https://fw.example.com/2.pkg');
await serverDoes(device, 'Exec');
await acknowledged;
console.log(`State: device ${inDevice.state}, game ${inGame.state}`);
await Promise.all([inDevice.cleanUp(), inGame.cleanUp()]);
console.log(`State after clean-up: device ${inDevice.state}, game ${inGame.state}`);

await game.close();
await device.close();

async function serverDoes(vm: Vm, type: 'Replace' | 'Exec', data = ''): Promise<void> {
  const node = './FUMO/DownloadAndUpdate';
  const { status } = await vm.execute(
    type === 'Exec'
      ? { type, target: node, correlator: 'update-2' }
      : { type, target: `${node}/PkgURL`, data },
    { server },
  );
  console.log(`${type} of ${server}: ${status}`);
}
