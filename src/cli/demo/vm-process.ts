/** One VM of the demo, in a process of its own: opens its storage, mounts FUMO, carries out what it is told, and its own part of firmware updates. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Mount, type MountEvent, openVm, preSharedTokens, type TreeContent, type Vm } from 'virmo-sync';
import { lmdb } from 'virmo-sync/lmdb';
import { FumoResult, FumoState } from 'virmo-sync/mo/fumo';
import { webSocket, webSocketListener } from 'virmo-sync/websocket';
import {
  type Answer,
  dmServer,
  type Order,
  type OrderMessage,
  type Told,
  type VmSettings,
} from './messages.ts';
import { fumoMount } from './vendor.ts';

const token = 'handed to the Game VM when it was made';
/** How long each step of the simulated update takes. */
const stepMs = 120;

/** Runs until it is told to close, or its conductor is gone. */
export async function runVm(settings: VmSettings): Promise<void> {
  const vm = await openVm({
    id: settings.role,
    storage: lmdb(join(settings.directory, settings.role)),
    rootAcl: `Add=*&Delete=${dmServer}&Exec=${dmServer}&Get=*&Replace=${dmServer}`,
  });
  const fumo = await vm.mount('./FUMO', fumoMount);
  fumo.handleExec('./DownloadAndUpdate', async ({ id }) => {
    tell({ type: 'ran', exec: id });
    await updateFirmware(vm);
    return { status: FumoResult.Success };
  });
  fumo.observe((event) => report(event, fumo));
  obey(vm, fumo);
  const port = await link(vm, settings);
  const runs = Number(await read(vm, './FUMO/Ext/Runs'));
  tell({ type: 'ready', port, runs, pkgUrl: await read(vm, './FUMO/DownloadAndUpdate/PkgURL') });
}

/** The device VM serves, the Game VM dials; gives the port. */
async function link(vm: Vm, { role, port }: VmSettings): Promise<number> {
  if (role === 'device') {
    const listener = webSocketListener({ port, host: '127.0.0.1' });
    const { address } = await vm.serve(listener, { admit: preSharedTokens({ game: token }) });
    return Number(new URL(address).port);
  }
  vm.connect(webSocket(`ws://127.0.0.1:${port}`), {
    credentials: token,
    backoff: { firstMs: 50, maxMs: 500 },
  });
  return port;
}

/** The simulated update: State walks through FUMO's values (FUMO 1.0, figure of the states); it is this VM's own. */
async function updateFirmware(vm: Vm): Promise<void> {
  const steps = [
    FumoState.DownloadProgressing,
    FumoState.DownloadComplete,
    FumoState.ReadyToUpdate,
    FumoState.UpdateProgressing,
    FumoState.UpdateSuccessfulHaveData,
    FumoState.UpdateSuccessfulNoData,
    FumoState.Idle,
  ];
  for (const state of steps) {
    await vm.execute({ type: 'Replace', target: './FUMO/State', data: String(state) });
    tell({ type: 'state', state });
    await delay(stepMs);
  }
}

function report(event: MountEvent, fumo: Mount): void {
  switch (event.type) {
    case 'synced':
    case 'unsynced':
      tell({ type: 'link', isUp: event.type === 'synced' });
      return;
    case 'conflict': {
      const { uri, lost, kept } = event;
      const keptText = kept === undefined ? 'its deletion' : `${describe(kept.content)} by ${kept.vm}`;
      tell({ type: 'conflict', uri, lost: `${describe(lost.content)} by ${lost.vm}`, kept: keptText });
      return;
    }
    case 'exec-result': {
      const { exec, vm, result } = event;
      tell({ type: 'answered', exec, vm, answer: result.answer, status: result.status });
      return;
    }
    case 'exec-outcome': {
      const { exec, status, correlator } = event.outcome;
      tell({ type: 'outcome', exec, status, correlator });
      // As soon as the DM server has acknowledged the alert, which is at once here.
      fumo.acknowledgeOutcome(exec).catch(tellFailure);
      return;
    }
    case 'rejected':
      tell({ type: 'failed', error: event.error.message });
      return;
    case 'changed':
    case 'delivered':
    case 'described':
    case 'rebuilt':
    case 'lost':
    case 'exec-closed':
    case 'merged':
    case 'parked':
    case 'refused':
    case 'resolved':
      return;
  }
}

function describe(content: TreeContent): string {
  switch (content.kind) {
    case 'value':
      return `"${content.value.data}"`;
    case 'name':
      return `the name "${content.text}"`;
    case 'acl':
    case 'title':
    case 'type':
      return `the ${content.kind} "${content.text}"`;
    case 'add':
      return `the new node "${content.name}"`;
    case 'delete':
      return 'the deletion';
  }
}

function obey(vm: Vm, fumo: Mount): void {
  process.on('message', ({ id, body }: OrderMessage) => {
    carryOut(vm, fumo, body).then((answer) => process.send?.({ type: 'answer', id, ...answer }), tellFailure);
  });
  process.on('disconnect', () => void vm.close());
}

async function carryOut(vm: Vm, fumo: Mount, order: Order): Promise<Omit<Answer, 'type' | 'id'>> {
  switch (order.order) {
    case 'execute':
      return {
        outcome: await vm.execute(order.command, order.server === undefined ? {} : { server: order.server }),
      };
    case 'settle':
      await fumo.whenSynced();
      await fumo.whenDelivered();
      return {};
    case 'export':
      return { text: fumo.export() };
    case 'close':
      await vm.close();
      setImmediate(() => process.disconnect());
      return {};
  }
}

async function read(vm: Vm, target: string): Promise<string> {
  const { results = [] } = await vm.execute({ type: 'Get', target });
  return String(results[0]?.data ?? '');
}

function tellFailure(error: unknown): void {
  tell({ type: 'failed', error: error instanceof Error ? error.message : String(error) });
}

function tell(message: Told): void {
  process.send?.(message);
}
