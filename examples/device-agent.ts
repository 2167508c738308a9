/**
 * A device agent: keeps FUMO in step with the other VMs, and carries out firmware updates that a DM server orders. The agent without a HUB is the hub:
 *
 *     VM_ID=device npx tsx --conditions=virmo-source examples/device-agent.ts
 *     VM_ID=game HUB=ws://127.0.0.1:7420 npx tsx --conditions=virmo-source examples/device-agent.ts
 */
import { openVm, preSharedTokens } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { FirmwareAgent, firmwareMount } from './fumo/agent.ts';

const { VM_ID = 'device', HUB, PORT = '7420', TOKEN = 'a secret' } = process.env;
const { STORE = `.virmo-sync/agent-${VM_ID}` } = process.env;

const vm = await openVm({ id: VM_ID, storage: lmdb(STORE) });
vm.observe((event) => console.log(event.type));
const firmware = await vm.mount('./FUMO', firmwareMount);
firmware.observe((event) => console.log(event.type));
await FirmwareAgent.start(vm, firmware, {
  download: async (url) => url,
  update: async () => undefined,
  remove: async () => undefined,
});

if (HUB === undefined) {
  const listener = webSocketListener({ host: '127.0.0.1', port: Number(PORT) });
  const { address } = await vm.serve(listener, { admit: preSharedTokens({ game: TOKEN }) });
  console.log(`serving at ${address}`);
} else {
  vm.connect(webSocket(HUB), { credentials: TOKEN });
}
process.once('SIGINT', () => vm.close()).once('SIGTERM', () => vm.close());
