/** The FUMO of one VM: carries out Download, Update and DownloadAndUpdate with a real updater, and shows in State how far it is. */
import {
  type Change,
  type ExecReply,
  isSuccess,
  type Mount,
  type MountOptions,
  VirmoError,
  type Vm,
} from 'virmo-sync';
import { FumoResult, FumoState, fumo } from 'virmo-sync/mo/fumo';
import { type FumoStep, type FumoTransitions, fumoTransitions, nextState } from './states.ts';
import { FirmwareFailure, type FirmwarePackage, resultOf, type Updater } from './updater.ts';

/** How every VM mounts it: what is to be done is shared, State is each one's own. */
export const firmwareMount: MountOptions = {
  mo: 'fumo',
  schema: fumo,
  nodes: ['./Download', './Update', './Update/PkgData', './DownloadAndUpdate'],
  rules: [{ path: './State', share: 'local' }],
};

const pkgData = './Update/PkgData';
const downloadUrl = './Download/PkgURL';
const downloadAndUpdateUrl = './DownloadAndUpdate/PkgURL';

/** Made with `FirmwareAgent.start`. */
export class FirmwareAgent {
  readonly #vm: Vm;
  readonly #mount: Mount;
  readonly #updater: Updater;
  readonly #transitions: FumoTransitions;
  #state: number = FumoState.Idle;
  /** What was downloaded, until it is removed. */
  #downloaded: string | undefined;
  #isAtWork = false;
  /** State is what it should be before anything else is done. */
  #ready: Promise<void>;

  private constructor(vm: Vm, mount: Mount, updater: Updater, transitions: FumoTransitions) {
    this.#vm = vm;
    this.#mount = mount;
    this.#updater = updater;
    this.#transitions = transitions;
    this.#ready = this.#recover();
  }

  /** To be called right after the mount: an Exec without a handler is answered so. */
  static async start(
    vm: Vm,
    mount: Mount,
    updater: Updater,
    transitions: FumoTransitions = fumoTransitions,
  ): Promise<FirmwareAgent> {
    const agent = new FirmwareAgent(vm, mount, updater, transitions);
    agent.#handle('./Download', (signal) => agent.#download(downloadUrl, signal));
    agent.#handle('./Update', (signal) => agent.#update(signal));
    agent.#handle('./DownloadAndUpdate', async (signal) => {
      await agent.#download(downloadAndUpdateUrl, signal);
      await agent.#update(signal);
    });
    mount.observe((event) => {
      if (event.type === 'changed') agent.#notice(event.source, event.changes);
    });
    await agent.#ready;
    return agent;
  }

  /** What State shows. */
  get state(): number {
    return this.#state;
  }

  /** Makes the VM ready for the next update, whatever became of the last: to be called when the server knows that. Nothing happens while one is under way. */
  async cleanUp(): Promise<void> {
    if (!this.#isAtWork) await this.#reset();
  }

  #handle(uri: string, work: (signal: AbortSignal) => Promise<void>): void {
    this.#mount.handleExec(uri, async ({ signal }) => {
      await this.#ready;
      return this.#answer(() => work(signal));
    });
  }

  /** One at a time: FUMO has one State. */
  async #answer(work: () => Promise<void>): Promise<ExecReply> {
    if (this.#isAtWork) return { status: FumoResult.NotAcceptable, data: 'an update is under way' };
    this.#isAtWork = true;
    try {
      await work();
      return { status: FumoResult.Success };
    } catch (error) {
      return { status: resultOf(error), data: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#isAtWork = false;
    }
  }

  async #download(pkgUrl: string, signal: AbortSignal): Promise<void> {
    await this.#reset();
    const url = String(await this.#read(pkgUrl));
    if (url === '') throw new FirmwareFailure(FumoResult.BadUrl, 'there is no PkgURL');
    await this.#go('download');
    this.#downloaded = await this.#orElse('download failed', () => this.#updater.download(url, signal));
    await this.#go('downloaded');
    await this.#go('ready');
  }

  async #update(signal: AbortSignal): Promise<void> {
    const pkg: FirmwarePackage = this.#downloaded ?? (await this.#read(pkgData)) ?? '';
    if (pkg.length === 0) throw new FirmwareFailure(FumoResult.NotAcceptable, 'there is no package');
    await this.#go('update');
    await this.#orElse('update failed', () => this.#updater.update(pkg, signal));
    await this.#go('updated');
  }

  async #orElse<T>(step: FumoStep, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#go(step);
      throw error;
    }
  }

  async #reset(): Promise<void> {
    if (this.#downloaded !== undefined) await this.#updater.remove(this.#downloaded);
    this.#downloaded = undefined;
    if (this.#canGo('package removed')) await this.#go('package removed');
    if (this.#canGo('clean up')) await this.#go('clean up');
  }

  /** A process that ended in the middle of something has failed at it; what it had downloaded is nobody's. */
  async #recover(): Promise<void> {
    this.#state = Number(await this.#read('./State'));
    for (const step of ['download failed', 'ready', 'update failed'] as const)
      if (this.#canGo(step)) await this.#go(step);
    const isGiven = ((await this.#read(pkgData)) ?? '').length > 0;
    if (this.#state === FumoState.ReadyToUpdate && !isGiven) await this.#go('clean up');
  }

  /** PkgURL and PkgData exclude each other: the VM where one is written empties the other. A package that is given makes every VM ready. */
  #notice(source: 'local' | 'remote', changes: readonly Change[]): void {
    const isWritten = (uri: string) =>
      changes.some((change) => change.uri === uri && 'value' in change && change.value?.data.length !== 0);
    const isDataWritten = isWritten(pkgData);
    const isUrlWritten = isWritten(downloadUrl) || isWritten(downloadAndUpdateUrl);
    const needless = isDataWritten ? [downloadUrl, downloadAndUpdateUrl] : isUrlWritten ? [pkgData] : [];
    if (source === 'local') for (const uri of needless) this.#empty(uri).catch(unlessClosed);
    if (isDataWritten && !this.#isAtWork)
      this.#ready = this.#ready.then(() => this.#takeGiven()).catch(unlessClosed);
  }

  async #takeGiven(): Promise<void> {
    await this.#reset();
    await this.#go('package given');
  }

  #canGo(step: FumoStep): boolean {
    return nextState(this.#state, step, this.#transitions) !== undefined;
  }

  /** Sets State, as the device itself: a server cannot. Throws where the step cannot be. */
  async #go(step: FumoStep): Promise<void> {
    const state = nextState(this.#state, step, this.#transitions);
    if (state === undefined)
      throw new FirmwareFailure(FumoResult.NotAcceptable, `no ${step} in state ${this.#state}`);
    this.#state = state;
    await this.#write('./State', String(state));
  }

  async #read(uri: string): Promise<string | Uint8Array | undefined> {
    const { results } = await this.#vm.execute({ type: 'Get', target: this.#target(uri) });
    return results?.[0]?.data;
  }

  async #empty(uri: string): Promise<void> {
    const data = await this.#read(uri);
    if (data !== undefined && data.length > 0)
      await this.#write(uri, typeof data === 'string' ? '' : new Uint8Array(0));
  }

  async #write(uri: string, data: string | Uint8Array): Promise<void> {
    const { status } = await this.#vm.execute({ type: 'Replace', target: this.#target(uri), data });
    if (!isSuccess(status)) throw new Error(`${uri} could not be written: ${status}`);
  }

  #target(uri: string): string {
    return this.#mount.uri + uri.slice(1);
  }
}

/** What a VM that was closed meanwhile leaves undone, the next start recovers. */
function unlessClosed(error: unknown): void {
  if (!(error instanceof VirmoError && error.code === 'closed')) throw error;
}
