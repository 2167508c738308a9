/** A program that uses the packed library with nothing but TypeScript's plain settings; `scripts/try-package.mjs` compiles and runs it. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Command,
  isSuccess,
  openVm,
  preSharedTokens,
  type Storage,
  VirmoError,
  type Vm,
} from 'virmo-sync';
import { parseDdf, writeDdf } from 'virmo-sync/ddf';
import { lmdb } from 'virmo-sync/lmdb';
import { memoryStorage } from 'virmo-sync/memory-storage';
import { memoryNetwork } from 'virmo-sync/memory-transport';
import { devdetail } from 'virmo-sync/mo/devdetail';
import { devinfo } from 'virmo-sync/mo/devinfo';
import { FumoState, fumo } from 'virmo-sync/mo/fumo';
import { storageCases, transportCases } from 'virmo-sync/testing';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';

const folder = await mkdtemp(join(tmpdir(), 'virmo-sync-consumer-'));
try {
  await syncOverWebSocket(lmdb(join(folder, 'device')), memoryStorage());
} finally {
  await rm(folder, { recursive: true });
}
equal(
  writeDdf({ roots: [{ path: './FUMO', node: parseDdf(writeDdf(asRoot('./FUMO', fumo))).root }] }),
  writeDdf(asRoot('./FUMO', fumo)),
);
ok(writeDdf(asRoot('./DevInfo', devinfo)) !== writeDdf(asRoot('./DevDetail', devdetail)));
ok(storageCases().length > 0 && transportCases.length > 0);
const failure: unknown = await memoryNetwork()
  .dialer('nobody')
  .dial()
  .catch((error: unknown) => error);
ok(failure instanceof VirmoError && failure.code === 'channel-failed');

async function syncOverWebSocket(deviceStorage: Storage, gameStorage: Storage): Promise<void> {
  const device = await openVm({ id: 'device', storage: deviceStorage });
  const game = await openVm({ id: 'game', storage: gameStorage });
  try {
    await sync(device, game);
  } finally {
    await game.close();
    await device.close();
  }
}

async function sync(device: Vm, game: Vm): Promise<void> {
  const options = { mo: 'fumo', schema: fumo };
  const [onDevice, inGame] = [
    await device.mount('./FUMO', options),
    await game.mount('./Vendor/FUMO', options),
  ];
  const listener = webSocketListener({ host: '127.0.0.1', port: 0 });
  const { address } = await device.serve(listener, { admit: preSharedTokens({ game: 'secret' }) });
  game.connect(webSocket(address), { credentials: 'secret' });
  await inGame.whenSynced();
  const command: Command = { type: 'Replace', target: './Vendor/FUMO/State', data: String(FumoState.Idle) };
  const { status } = await game.execute(command);
  ok(isSuccess(status));
  await inGame.whenDelivered();
  deepEqual(onDevice.export(), inGame.export());
}

function asRoot(path: string, { root }: typeof fumo): Parameters<typeof writeDdf>[0] {
  return { roots: [{ path, node: root }] };
}
