/** The follower's side of one connection (rules D2, T3, Y1): a branch that begins anew, and main as the hub tells it. */
import { VirmoError } from '../errors.ts';
import { Branch } from './branch.ts';
import type { ReplicaCore } from './core.ts';
import { isForStamp, type Mark, type Refusal, type WriteKey } from './journal.ts';
import { frameUpdate, Main, unframeUpdate } from './main.ts';
import { commandKey, type OutboxCommand } from './outbox.ts';
import { addKey, isTreeRecord } from './record.ts';
import { keepRefusedExecs } from './refused-execs.ts';
import { renewStamps } from './restamp.ts';
import { compareStamps, type Stamp } from './stamp.ts';
import { descriptionIn, type OfferedDescription } from './upgrade.ts';

/** What a follower tells the hub of its copy when a connection begins. */
export interface FollowerState extends OfferedDescription {
  /** 0 before the first contact with a hub. */
  readonly origin: number;
  readonly epoch: number;
  readonly place: number;
  /** Y-protocols' sync step 1 for main. */
  readonly step1: Uint8Array;
  /** The lives under which commands wait, each with the first counter. */
  readonly pending: readonly WriteKey[];
}

/** What the hub answers. */
export interface HubState {
  readonly epoch: number;
  readonly epochStart: number;
  readonly place: number;
  readonly durablePlace: number;
  readonly timeMs: number;
  /** How far it has judged the lives that the follower named (rule D2). */
  readonly marks: readonly Mark[];
  /** Y-protocols' sync step 2: main up to `place`. */
  readonly step2: Uint8Array;
}

/** What a hub says at the end of a turn. */
export interface HubNews {
  /** Y-protocols' update of main, or sync step 2. */
  readonly update: Uint8Array | undefined;
  readonly place: number;
  readonly durablePlace: number;
  /** All branch updates of the connection up to this number are judged. */
  readonly judgedUpTo: number;
  readonly refusals: readonly Refusal[];
}

interface Refused {
  readonly refusal: Refusal;
  readonly command: OutboxCommand;
}

/** From `Replica.follow` until the connection ends; for the next one another is made (rule D2). */
export class Follower {
  readonly #core: ReplicaCore;
  readonly #branch: Branch;
  #sent = 0;

  constructor(core: ReplicaCore) {
    this.#core = core;
    this.#branch = new Branch(core.random53());
    core.outbox.restart();
  }

  /** What to tell the hub first. */
  state(): FollowerState {
    const { main, outbox, state, description, upgrades } = this.#core;
    const meta = main.meta();
    const mayReplace = meta?.schema !== description.schemaText || meta.rules !== description.rulesText;
    const pending = new Map<number, number>();
    for (const command of outbox.commands()) {
      const { life, seq } = commandKey(command);
      pending.set(life, Math.min(seq, pending.get(life) ?? seq));
    }
    return {
      origin: meta?.origin ?? 0,
      epoch: meta?.epoch ?? 0,
      place: state.place,
      step1: main.syncStep1(),
      schemaHash: description.schemaHash,
      rules: description.rulesText,
      schema: upgrades.replaces.length > 0 && mayReplace ? description.schemaText : '',
      ...upgrades,
      pending: [...pending].map(([life, seq]) => ({ life, seq })),
    };
  }

  /** Takes the hub's answer: main up to its place, what it has judged, its time; shown in one step. Throws `message-malformed` or `diverged`. */
  welcome(hub: HubState): void {
    const { outbox, state } = this.#core;
    const moved = this.#applyMain(unframeUpdate(hub.step2), hub.place, true);
    const judgedSeq = new Map(hub.marks.map(({ life, seq }) => [life, seq]));
    const isKnown = ({ life, seq }: WriteKey) => seq <= (judgedSeq.get(life) ?? 0);
    for (const { records } of outbox.unjudge(isKnown, hub.place)) {
      for (const record of records) state.take(record);
    }
    const refused = this.#refuse(hub.marks.flatMap((mark) => mark.refused));
    let isDivided = false;
    for (const { life, seq } of hub.marks) {
      if (outbox.divide(life, seq)) isDivided = true;
      this.#dropLost(outbox.judgedUpTo(life, seq, hub.place));
    }
    const behindMs = state.setTime(hub.timeMs);
    const isClockOff = Math.abs(behindMs) > this.#core.maxAheadMs;
    if (isClockOff || outbox.hasRefusedStamp || moved.size > 0) renewStamps(this.#core, behindMs, moved);
    else if (isDivided) this.#core.log(this.#core.snapshot());
    this.#finish(hub.durablePlace, refused, true);
  }

  /** The next branch update, as y-protocols' update, or `undefined` when everything that may be sent was sent on this connection. */
  takeBranch(maxRecords: number): Uint8Array | undefined {
    const commands = this.#core.outbox.takeUnsent(this.#sent + 1, maxRecords);
    if (commands.length === 0) return undefined;
    this.#sent++;
    return frameUpdate(this.#branch.push(commands.flatMap(({ records }) => records)));
  }

  /**
   * Takes what the hub says, in one step. Throws `message-malformed` or `diverged`; then the connection must begin anew. Says whether it must begin anew for another
   * reason: stamps were refused, and are made anew when nothing is on its way (rules T1, T3).
   */
  receive({ update, place, durablePlace, judgedUpTo, refusals }: HubNews): 'go-on' | 'begin-anew' {
    const forStamp = refusals.filter(isForStamp);
    if (forStamp.length > 0) {
      for (const refusal of forStamp) this.#core.outbox.refuseStamp(refusal);
      return 'begin-anew';
    }
    if (update !== undefined) this.#applyMain(unframeUpdate(update), place, false);
    const refused = this.#refuse(refusals);
    const judged = this.#core.outbox.judged(judgedUpTo, place);
    const over = [...refused.map(({ command }) => command), ...judged];
    const sent = over.filter(({ sentIn }) => sentIn !== undefined);
    this.#branch.leave(sent.reduce((sum, { records }) => sum + records.length, 0));
    this.#dropLost(judged);
    this.#finish(durablePlace, refused, over.length > 0);
    return 'go-on';
  }

  /** The connection is over: what was not judged waits for the next. */
  end(): void {
    this.#core.outbox.restart();
  }

  /** Gives the stamps of this VM's own Adds that were merged under others than it knows: a VM that was put back to before they were made anew (rules T3, Y4). */
  #applyMain(update: Uint8Array, place: number, isWelcome: boolean): Map<string, Stamp> {
    const core = this.#core;
    const moved = new Map<string, Stamp>();
    const isWhole = !core.main.isBegun;
    try {
      const records = core.main.apply(update);
      core.state.forget(core.main.forgotten);
      for (const record of records) {
        const known = record.content.kind === 'add' ? core.state.unmergedAdd(record) : undefined;
        if (known !== undefined && compareStamps(known.stamp, record.stamp) !== 0)
          moved.set(addKey(known), record.stamp);
        core.state.take(record);
      }
    } catch (error) {
      // After any exception inside Yjs the document is not used on (rule Y7): the next connection asks for all of main.
      if (error instanceof VirmoError && error.code === 'diverged') core.main = new Main(core.random53());
      throw error;
    }
    core.state.place = place;
    // A hub that did not take this VM's description has the old one, which is no news.
    const isDescribed = (core.main.takeMetaChanged() || isWelcome) && this.#takeDescription();
    core.log(isWhole ? core.snapshot() : { type: 'main', update, place, marks: [], local: [] });
    if (isDescribed && !isWhole) core.log(core.snapshot());
    return moved;
  }

  /** Main may have another schema and other rules than this VM, which this mount follows then (rule M6). Says whether that changed anything. */
  #takeDescription(): boolean {
    const { main, description } = this.#core;
    const meta = main.meta();
    if (meta === undefined) return false;
    const isOther = meta.schema !== description.schemaText || meta.rules !== description.rulesText;
    if (isOther) this.#core.describe(descriptionIn(meta));
    return this.#core.agree() || isOther;
  }

  /** Drops refused commands; gives those that were still here, to be reported when the tree is without them. */
  #refuse(refusals: readonly Refusal[]): Refused[] {
    const { outbox } = this.#core;
    const refused: Refused[] = [];
    for (const refusal of refusals) {
      for (const command of outbox.refuse(refusal)) refused.push({ refusal, command });
    }
    const commands = refused.map(({ command }) => command);
    const local = keepRefusedExecs(
      commands.flatMap(({ records }) => records),
      this.#core.state,
    );
    this.#dropLost(commands);
    this.#logLeft(commands);
    if (local.length > 0) this.#core.logLocal(local);
    return refused;
  }

  /** Records of judged commands that did not come back in main have lost, or were refused: they leave the tree. So does an Exec that was ordered before this VM was put back, and is forgotten (rule X3). */
  #dropLost(judged: readonly OutboxCommand[]): void {
    const { fold, execs } = this.#core.state;
    for (const { records } of judged) {
      for (const record of records) {
        if (isTreeRecord(record) && fold.find(record)?.place === 0) fold.remove(record);
        const exec = record.content.kind === 'exec' ? execs.get(record.content.id) : undefined;
        if (exec?.isMerged === false) this.#core.state.forgetExec(exec);
      }
    }
  }

  #finish(durablePlace: number, refused: readonly Refused[], hasJudged: boolean): void {
    const core = this.#core;
    core.finishStep('remote');
    for (const { refusal, command } of refused)
      core.emit({ type: 'refused', refusal, records: command.records });
    const delivered = core.outbox.delivered(durablePlace);
    if (delivered.length > 0) {
      this.#logLeft(delivered);
      core.emit({ type: 'delivered', records: delivered.flatMap(({ records }) => records) });
    }
    if (hasJudged && core.outbox.isMerged) core.emit({ type: 'merged' });
  }

  #logLeft(commands: readonly OutboxCommand[]): void {
    if (commands.length > 0) this.#core.log({ type: 'left', commands: commands.map(commandKey) });
  }
}
