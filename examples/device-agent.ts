/**
 * A device agent: keeps FUMO in step with the other VMs, and carries out firmware updates that a DM server orders. The agent without a HUB is the hub:
 *
 *     VM_ID=device npx tsx --conditions=virmo-source examples/device-agent.ts
 *     VM_ID=game HUB=ws://127.0.0.1:7420 npx tsx --conditions=virmo-source examples/device-agent.ts
 */
import { type ExecOutcome, openVm, preSharedTokens } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import { FirmwareAgent, firmwareMount } from './fumo/agent.ts';
import { alertOf } from './fumo/alert.ts';

const { VM_ID = 'device', HUB, PORT = '7420', TOKEN = 'a secret' } = process.env;
const { STORE = `.virmo-sync/agent-${VM_ID}` } = process.env;

const vm = await openVm({ id: VM_ID, storage: lmdb(STORE) });
process.once('SIGINT', () => vm.close()).once('SIGTERM', () => vm.close());
vm.observe((event) => console.log(event.type));
const firmware = await vm.mount('./FUMO', firmwareMount);
const agent = FirmwareAgent.start(vm, firmware, {
  recall: async () => ({}),
  download: async (url) => url,
  update: async () => undefined,
  clear: async () => undefined,
});
firmware.observe((event) => {
  console.log(event.type);
  if (event.type === 'exec-outcome') report(event.outcome).catch(console.error);
});
await agent;

if (HUB === undefined) {
  const listener = webSocketListener({ host: '127.0.0.1', port: Number(PORT) });
  const { address } = await vm.serve(listener, { admit: preSharedTokens({ game: TOKEN }) });
  console.log(`serving at ${address}`);
} else {
  vm.connect(webSocket(HUB), { credentials: TOKEN });
}

/** Where the DM client sends the alert, and hears that the server has it. What is not acknowledged is told again at the next start. */
async function report(outcome: ExecOutcome): Promise<void> {
  if (outcome.server === '') return;
  const { type, data, correlator } = alertOf(outcome, firmware.uri);
  console.log(`Alert 1226 to ${outcome.server}: ${type} ${data}, correlator ${correlator}`);
  await firmware.acknowledgeOutcome(outcome.exec);
  console.log('acknowledged');
  if (outcome.uri !== './Download') await (await agent).cleanUp();
}
