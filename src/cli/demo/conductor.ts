/** `virmo-sync demo`: the use case of the VirMO requirement, told step by step. A device VM and a Game VM, each a process with its own management tree on disk. */
import { rm } from 'node:fs/promises';
import type { Output } from '../output.ts';
import { Cable } from './cable.ts';
import { dmServer, type Role, type Told } from './messages.ts';
import { VmHandle } from './vm-handle.ts';

/** How the demo is played. */
export interface DemoOptions {
  /** Where both VMs keep what they have. */
  readonly directory: string;
  /** Forgets what an earlier run left. */
  readonly isFresh: boolean;
}

/** Longer than this something is wrong. */
const patienceMs = 30_000;

/** Plays the demo; gives the exit code: 0 only if both trees are equal at the end, every Exec ran exactly once per VM, and a conflict was reported. */
export async function playDemo({ directory, isFresh }: DemoOptions, out: Output): Promise<number> {
  if (isFresh) await rm(directory, { recursive: true, force: true });
  const stage = new Stage(directory, out);
  const timer = setTimeout(() => stage.giveUp(), patienceMs);
  try {
    return await stage.play();
  } finally {
    clearTimeout(timer);
    stage.abort();
  }
}

class Stage {
  readonly #directory: string;
  readonly #out: Output;
  readonly #vms: VmHandle[] = [];
  readonly #execs: string[] = [];
  #cable: Cable | undefined;
  /** What the VMs tell is shown between the opening and the end. */
  #isShown = false;

  constructor(directory: string, out: Output) {
    this.#directory = directory;
    this.#out = out;
  }

  async play(): Promise<number> {
    const { device, game, run } = await this.#open();
    await this.#update(device, run);
    await this.#workApart(device, game, run);
    return this.#compare(device, game);
  }

  /** Says that it takes too long, and ends it. */
  giveUp(): void {
    this.#title(`Given up: this should not have taken longer than ${patienceMs / 1000} s`);
    this.abort();
  }

  /** Ends what still runs. */
  abort(): void {
    this.#cable?.close();
    for (const vm of this.#vms) vm.kill();
  }

  async #open(): Promise<{ readonly device: VmHandle; readonly game: VmHandle; readonly run: number }> {
    const device = this.#start('device', 0);
    await device.until(() => device.told('ready').length > 0);
    const [ready] = device.told('ready');
    this.#cable = new Cable(ready?.port ?? 0);
    const game = this.#start('game', await this.#cable.listen());
    await game.order({ order: 'settle' });
    const run = (ready?.runs ?? 0) + 1;
    const found =
      run === 1
        ? 'The storage is new.'
        : `Run ${run}: the VMs go on with what run ${run - 1} left (PkgURL ${ready?.pkgUrl}).`;
    this.#title('A device VM and a Game VM, each with ./FUMO from the same DDF');
    this.#line(found);
    this.#isShown = true;
    await device.does({ type: 'Replace', target: './FUMO/Ext/Runs', data: String(run) });
    return { device, game, run };
  }

  async #update(device: VmHandle, run: number): Promise<void> {
    const url = `https://fw.example.com/${run}.0/device.img`;
    this.#title(`The DM server ${dmServer} orders a firmware update in the device VM`);
    await device.serverDoes({ type: 'Replace', target: './FUMO/DownloadAndUpdate/PkgURL', data: url });
    this.#line(`Replace ./FUMO/DownloadAndUpdate/PkgURL  ${url}`);
    this.#line('Exec    ./FUMO/DownloadAndUpdate');
    const { exec = '' } = await device.serverDoes({
      type: 'Exec',
      target: './FUMO/DownloadAndUpdate',
      correlator: `run-${run}`,
    });
    this.#execs.push(exec);
    await device.until(() => device.told('outcome').some((each) => each.exec === exec));
  }

  async #workApart(device: VmHandle, game: VmHandle, run: number): Promise<void> {
    const plan = (name: string): string => `./FUMO/Ext/${name}-${run}`;
    for (const name of ['Beta', 'Old']) {
      await device.serverDoes({ type: 'Add', target: `${plan(name)}/Note`, data: `${name} as planned` });
    }
    await device.order({ order: 'settle' });
    await game.order({ order: 'settle' });
    this.#title('The link is cut, and both sides go on');
    this.#cable?.cut();
    await game.until(() => game.told('link').at(-1)?.isUp === false);
    await this.#edits(device, game, run, plan);
    this.#title('The link is back');
    this.#cable?.mend();
    await game.order({ order: 'settle' });
    await device.order({ order: 'settle' });
    await device.until(() => device.told('conflict').length > 0);
    await game.until(() => game.told('conflict').length >= device.told('conflict').length);
  }

  async #edits(device: VmHandle, game: VmHandle, run: number, plan: (name: string) => string): Promise<void> {
    const url = './FUMO/DownloadAndUpdate/PkgURL';
    await device.serverDoes({
      type: 'Replace',
      target: url,
      data: `https://fw.example.com/${run}.1/device.img`,
    });
    await device.serverDoes({ type: 'Add', target: `${plan('Night')}/Note`, data: 'only at night' });
    await device.serverDoes({ type: 'Replace', target: `${plan('Beta')}/Note`, data: 'for testers' });
    await device.serverDoes({ type: 'Delete', target: plan('Old') });
    this.#line('device  replaces PkgURL, adds Night, replaces the Note in Beta, deletes Old');
    await game.does({ type: 'Replace', target: url, data: `https://fw.example.com/${run}.1/game.img` });
    await game.does({ type: 'Add', target: `${plan('Idle')}/Note`, data: 'only when nobody plays' });
    await game.does({ type: 'Replace', target: `${plan('Beta')}?prop=Name`, data: `Canary-${run}` });
    this.#line('game    replaces PkgURL too, adds Idle, renames Beta to Canary');
  }

  async #compare(device: VmHandle, game: VmHandle): Promise<number> {
    const [left, right] = [await device.order({ order: 'export' }), await game.order({ order: 'export' })];
    const isEqual = left.text !== undefined && left.text === right.text;
    const ranOnce = this.#execs.every((exec) =>
      [device, game].every((vm) => vm.told('ran').filter((each) => each.exec === exec).length === 1),
    );
    const conflicts = device.told('conflict').length;
    this.#isShown = false;
    this.#title('The shared tree, as both VMs have it now');
    for (const line of (left.text ?? '').trim().split('\n')) this.#line(printNode(line));
    this.#title('Result');
    this.#line(`trees ${isEqual ? 'equal' : 'DIFFERENT'}, byte for byte`);
    this.#line(`each Exec ran exactly once per VM: ${ranOnce ? 'yes' : 'NO'}`);
    this.#line(`conflicts reported: ${conflicts}`);
    if (!isEqual) this.#out.write(`device:\n${left.text}\ngame:\n${right.text}\n`);
    const codes = [await game.close(), await device.close()];
    return isEqual && ranOnce && conflicts > 0 && codes.every((code) => code === 0) ? 0 : 1;
  }

  #start(role: Role, port: number): VmHandle {
    const vm = new VmHandle({ role, directory: this.#directory, port }, (from, told) =>
      this.#show(from, told),
    );
    this.#vms.push(vm);
    return vm;
  }

  #show(role: Role, told: Told): void {
    if (!this.#isShown) return;
    const who = role.padEnd(6);
    switch (told.type) {
      case 'link':
        if (role === 'game') this.#line(`${who}  ${told.isUp ? 'in step with the device VM' : 'on its own'}`);
        return;
      case 'ran':
        this.#line(`${who}  begins its own update`);
        return;
      case 'state':
        this.#line(`${who}  State ${told.state}`);
        return;
      case 'answered':
        if (role === 'device') this.#line(`${told.vm.padEnd(6)}  reports ${told.status}`);
        return;
      case 'conflict':
        this.#line(
          `${who}  conflict at ${told.uri || 'a deleted node'}: lost ${told.lost}, kept ${told.kept}`,
        );
        return;
      case 'outcome':
        this.#line(`${who}  alerts ${dmServer}: ${told.status}, correlator ${told.correlator}`);
        return;
      case 'failed':
      case 'ready':
        return;
    }
  }

  #title(text: string): void {
    this.#out.write(`\n${text}\n`);
  }

  #line(text: string): void {
    this.#out.write(`  ${text}\n`);
  }
}

/** A line of the canonical export, for people. */
function printNode(line: string): string {
  const [uri, kind, , , data] = JSON.parse(line) as [string, string, string, string, string | null];
  return kind === 'leaf' ? `${uri} = ${data}` : uri;
}
