/** A hub and a VM in one process, over WebSocket and on LMDB; it closes them and has nothing left to do. With 'crash' it waits to be killed, inside a handler. */
import { openVm, preSharedTokens } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';

const [folder = '', how = 'close'] = process.argv.slice(2);
const device = await openVm({ id: 'device', storage: lmdb(`${folder}/device`) });
const game = await openVm({ id: 'game', storage: lmdb(`${folder}/game`) });
const hub = await device.mount('./MO', { mo: 'mo' });
const copy = await game.mount('./MO', { mo: 'mo' });
const admit = preSharedTokens({ game: 'secret' });
const service = await device.serve(webSocketListener({ port: 0, host: '127.0.0.1' }), { admit });
game.connect(webSocket(service.address), { credentials: 'secret' });
await copy.whenSynced();
hub.handleExec('./Run', () => ({ status: 200 }));
copy.handleExec('./Run', () => {
  process.stdout.write('inside\n');
  return new Promise(() => undefined);
});
await game.execute({ type: 'Add', target: './MO/Run', data: '' });
await copy.whenDelivered();
const { exec = '' } = await device.execute({ type: 'Exec', target: './MO/Run' });
process.stdout.write(`${exec}\n`);
if (how === 'close') {
  await game.close();
  await device.close();
  process.stdout.write('closed\n');
}
