/** The FUMO of one VM: carries out Download, Update and DownloadAndUpdate with a real updater, and shows in State how far it is. */
import {
  type Change,
  type ExecInvocation,
  type ExecReply,
  type Mount,
  type MountOptions,
  VirmoError,
  type Vm,
} from 'virmo-sync';
import { FumoResult, FumoState, fumo } from 'virmo-sync/mo/fumo';
import { Leaves } from './leaves.ts';
import { type FumoStep, type FumoTransitions, fumoTransitions, nextState } from './states.ts';
import { FirmwareFailure, hasSucceeded, type Remains, resultOf, type Updater } from './updater.ts';

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
  readonly #leaves: Leaves;
  readonly #updater: Updater;
  readonly #transitions: FumoTransitions;
  /** What the last process left; `undefined` until it is asked for. */
  #remains: Promise<Remains> | undefined;
  #isRecovered = false;
  #state: number = FumoState.Idle;
  /** What was downloaded, until it is removed. */
  #downloaded: string | undefined;
  /** A server wrote PkgData, and State does not show it yet. */
  #isGiven = false;
  /** An Exec is being carried out. */
  #isAtWork = false;
  /** Never rejects. */
  #lastTurn: Promise<unknown> = Promise.resolve();

  private constructor(leaves: Leaves, updater: Updater, transitions: FumoTransitions) {
    this.#leaves = leaves;
    this.#updater = updater;
    this.#transitions = transitions;
  }

  /** To be called right after the mount: an Exec without a handler is answered so. Resolves when State is what it should be after a restart; rejects where that fails. */
  static async start(
    vm: Vm,
    mount: Mount,
    updater: Updater,
    transitions: FumoTransitions = fumoTransitions,
  ): Promise<FirmwareAgent> {
    const agent = new FirmwareAgent(new Leaves(vm, mount), updater, transitions);
    const handle = (uri: string, work: (exec: ExecInvocation) => Promise<void>): void => {
      // After a restart in the middle, which Update may cause itself, the Exec comes again. A download begins anew; how an update went, the updater knows.
      mount.handleExec(uri, (exec) => agent.#carryOut(exec, work), { isIdempotent: true });
    };
    handle('./Download', (exec) => agent.#download(downloadUrl, exec));
    handle('./Update', (exec) => agent.#update(exec));
    handle('./DownloadAndUpdate', async (exec) => {
      await agent.#download(downloadAndUpdateUrl, exec);
      await agent.#update(exec);
    });
    mount.observe((event) => {
      if (event.type === 'changed') agent.#notice(event.source, event.changes);
    });
    await agent.#inTurn(async () => undefined);
    return agent;
  }

  /** What State shows. */
  get state(): number {
    return this.#state;
  }

  /**
   * Makes the VM ready for the next update, whatever became of the last: to be called when the server has acknowledged the alert of Update or DownloadAndUpdate, not of Download. Nothing happens while
   * an Exec is carried out, nor to a package that is still to be put in.
   */
  async cleanUp(): Promise<void> {
    if (this.#isAtWork) return;
    await this.#inTurn(async () => {
      if (!this.#canGo('update')) await this.#reset();
    });
  }

  async #carryOut(exec: ExecInvocation, work: (exec: ExecInvocation) => Promise<void>): Promise<ExecReply> {
    try {
      const { updated } = await this.#recall();
      if (updated?.exec === exec.id) return await this.#inTurn(async () => ({ status: updated.result }));
      await this.#workAlone(() => work(exec));
      return { status: FumoResult.Success };
    } catch (error) {
      return { status: resultOf(error), data: error instanceof Error ? error.message : String(error) };
    }
  }

  async #workAlone(work: () => Promise<void>): Promise<void> {
    if (this.#isAtWork) throw new FirmwareFailure(FumoResult.NotAcceptable, 'an update is under way');
    this.#isAtWork = true;
    try {
      await this.#inTurn(work);
    } finally {
      this.#isAtWork = false;
    }
  }

  /** One thing after the other, each with State in order: FUMO has one State. A rejection that nobody hears does no harm. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(() => this.#tidy()).then(work);
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }

  async #download(pkgUrl: string, { signal }: ExecInvocation): Promise<void> {
    await this.#reset();
    const url = String(await this.#leaves.read(pkgUrl));
    if (url === '') throw new FirmwareFailure(FumoResult.BadUrl, 'there is no PkgURL');
    await this.#go('download');
    this.#downloaded = await this.#orElse('download failed', () => this.#updater.download(url, signal));
    await this.#go('downloaded');
    await this.#go('ready');
  }

  async #update({ id, signal }: ExecInvocation): Promise<void> {
    const pkg = this.#downloaded ?? (await this.#leaves.read(pkgData)) ?? '';
    if (pkg.length === 0) throw new FirmwareFailure(FumoResult.NotAcceptable, 'there is no package');
    await this.#go('update');
    await this.#orElse('update failed', () => this.#updater.update(pkg, id, signal));
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

  /** Before each update anew: what `recall` gives is of the last one. */
  async #reset(): Promise<void> {
    await this.#updater.clear();
    this.#downloaded = undefined;
    for (const step of ['package removed', 'clean up'] as const) if (this.#canGo(step)) await this.#go(step);
  }

  /** Sets right what a restart, a failed write, or a server has left: a step that failed is tried again in the next turn. */
  async #tidy(): Promise<void> {
    await this.#recover();
    for (const step of ['download failed', 'ready'] as const) if (this.#canGo(step)) await this.#go(step);
    if (this.#canGo('updated')) await this.#go((await this.#isIn()) ? 'updated' : 'update failed');
    if (this.#isGiven) await this.#takeGiven();
    const isReady = this.#canGo('update');
    if (isReady && this.#downloaded === undefined && !(await this.#leaves.hasContent(pkgData)))
      await this.#go('clean up');
  }

  /** Goes on from what the last process left: with PkgData, too, that was written just before it ended, and so after State. */
  async #recover(): Promise<void> {
    if (this.#isRecovered) return;
    const { downloaded } = await this.#recall();
    this.#downloaded = downloaded;
    this.#state = Number(await this.#leaves.read('./State'));
    const isSinceState = this.#leaves.writtenMs(pkgData) >= this.#leaves.writtenMs('./State');
    if (isSinceState && (await this.#leaves.hasContent(pkgData))) this.#isGiven = true;
    this.#isRecovered = true;
  }

  #recall(): Promise<Remains> {
    this.#remains ??= this.#updater.recall().catch((error) => {
      this.#remains = undefined;
      throw error;
    });
    return this.#remains;
  }

  async #isIn(): Promise<boolean> {
    const { updated } = await this.#updater.recall();
    return updated !== undefined && hasSucceeded(updated.result);
  }

  async #takeGiven(): Promise<void> {
    await this.#reset();
    this.#isGiven = false;
    await this.#go('package given');
  }

  /** PkgURL and PkgData exclude each other: the VM where one is written empties the other. Every VM's State follows PkgData. */
  #notice(source: 'local' | 'remote', changes: readonly Change[]): void {
    const lengths = new Map<string, number>();
    for (const change of changes)
      if ('value' in change && change.value !== undefined) lengths.set(change.uri, change.value.data.length);
    const isWritten = (uri: string): boolean => (lengths.get(uri) ?? 0) > 0;
    const isUrlWritten = isWritten(downloadUrl) || isWritten(downloadAndUpdateUrl);
    const needless = isWritten(pkgData) ? [downloadUrl, downloadAndUpdateUrl] : isUrlWritten ? [pkgData] : [];
    if (source === 'local') for (const uri of needless) this.#leaves.empty(uri).catch(unlessOver);
    if (!lengths.has(pkgData)) return;
    this.#isGiven = isWritten(pkgData);
    // What fails here is tried again in the next turn, and told there.
    void this.#inTurn(async () => undefined);
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
    await this.#leaves.write('./State', String(state));
  }
}

/** What a disk cannot take stands in the tree, and is stored when it can; a VM that was closed is asked no more. */
function unlessOver(error: unknown): void {
  if (!(error instanceof VirmoError && (error.code === 'storage-failed' || error.code === 'closed')))
    throw error;
}
