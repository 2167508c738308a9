/** The follower's side of one connection (rules D2, T3, Y1): a branch that begins anew, and main as the hub tells it. */
import { VirmoError } from '../errors.ts';
import { Branch } from './branch.ts';
import type { ReplicaCore } from './core.ts';
import { isForStamp, type KeptWrite, type Mark, type Refusal, type WriteKey } from './journal.ts';
import type { WriteId } from './kept-writes.ts';
import { letGo } from './let-go.ts';
import { emptyDigest, type LinePoint } from './line.ts';
import { frameUpdate, unframeUpdate } from './main.ts';
import { commandKey, commandStamp, type OutboxCommand, splitCommands } from './outbox-command.ts';
import { forgetUnordered, offerAgain, offerReleased, type Rebuilt, rebuild } from './rebuild.ts';
import { addKey, isTreeRecord } from './record.ts';
import { keepRefusedExecs } from './refused-execs.ts';
import { boundSeen, hasSeenBeyond, renewWriteIds, trustedMarks } from './renew-write-ids.ts';
import { renewStamps } from './restamp.ts';
import { compareStamps, type Stamp, zeroStamp } from './stamp.ts';
import { descriptionIn, type OfferedDescription } from './upgrade.ts';

/** What a follower tells the hub of its copy when a connection begins. */
export interface FollowerState extends OfferedDescription {
  /** 0 before the first contact with a hub. */
  readonly origin: number;
  readonly epoch: number;
  readonly place: number;
  /** Of this copy of main (rule Y4); 0 without one. */
  readonly digest: number;
  /** Y-protocols' sync step 1 for main. */
  readonly step1: Uint8Array;
  /** The lives under which commands wait, each with the first counter. */
  readonly pending: readonly WriteKey[];
}

/** What the hub answers. */
export interface HubState {
  /** The VM that is the hub. */
  readonly vm: string;
  /** Up to which place the follower's copy is certain to be of the hub's line (rule Y4); it may find more by `line`. */
  readonly common: number;
  readonly place: number;
  readonly digest: number;
  /** The latest points of the hub's line, where the follower's copy is to be made anew. */
  readonly line: readonly LinePoint[];
  readonly durablePlace: number;
  readonly timeMs: number;
  /** Whether the follower's copy is of another line, or too old to tell: then it is to be made anew. */
  readonly isWhole: boolean;
  /** How far it has judged the lives that the follower named (rule D2); for one that begins anew, all lives of all VMs. */
  readonly marks: readonly Mark[];
  /** Y-protocols' sync step 2: main up to `place`. */
  readonly step2: Uint8Array;
}

/** Some commands of the branch. */
export interface BranchNews {
  /** One for each command (rule Y4). */
  readonly tokens: readonly number[];
  /** Y-protocols' update. */
  readonly update: Uint8Array;
}

/** What a hub says at the end of a turn. */
export interface HubNews {
  /** Y-protocols' update of main, or sync step 2. */
  readonly update: Uint8Array | undefined;
  readonly place: number;
  readonly digest: number;
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
  #hasToldKept = false;

  constructor(core: ReplicaCore) {
    this.#core = core;
    this.#branch = new Branch(core.random53());
    core.outbox.restart();
  }

  /** What to tell the hub first. */
  state(): FollowerState {
    const { main, outbox, state, line, description, upgrades } = this.#core;
    const meta = main.meta();
    const pending = new Map<number, number>();
    for (const command of outbox.commands()) {
      const { life, seq } = commandKey(command);
      pending.set(life, Math.min(seq, pending.get(life) ?? seq));
    }
    // What is written from here on is in no life that a clone, or a process of before, goes on with: nor is the hub asked about it.
    this.#core.beginConnection();
    return {
      origin: meta?.origin ?? 0,
      epoch: meta?.epochs.at(-1)?.id ?? 0,
      place: state.place,
      digest: main.isBegun && !this.#core.isInDoubt ? line.digest : emptyDigest,
      step1: main.syncStep1(),
      schemaHash: description.schemaHash,
      rules: description.rulesText,
      // Also where main has it already: the hub may have been put back to before (rule Y4).
      schema: upgrades.replaces.length > 0 ? description.schemaText : '',
      ...upgrades,
      pending: [...pending].map(([life, seq]) => ({ life, seq })),
    };
  }

  /** Takes the hub's answer: main up to its place, what it has judged, its time; shown in one step. Throws `message-malformed` or `diverged`. */
  welcome(hub: HubState): void {
    const core = this.#core;
    const { outbox, state } = core;
    const isRebuilt = hub.isWhole && state.place > 0;
    const common = Math.max(hub.common, core.line.sharedWith(hub.line) ?? 0);
    const { moved, own, keptFrom, execs } = this.#takeMain(hub);
    const { marks, forked } = trustedMarks(core, hub.marks);
    const judgedSeq = new Map(marks.map(({ life, seq }) => [life, seq]));
    const isKnown = ({ life, seq }: WriteKey) => seq <= (judgedSeq.get(life) ?? 0);
    for (const { records } of outbox.unjudge(isKnown, hub.place)) {
      for (const record of records) state.take(record);
    }
    const refused = this.#refuse(marks.flatMap((mark) => mark.refused));
    let isChanged = hub.isWhole || forked.size > 0;
    for (const { life, seq } of marks) {
      if (outbox.divide(life, seq)) isChanged = true;
      this.#noteJudged(outbox.judgedUpTo(life, seq, hub.place));
    }
    offerAgain(core, own);
    forgetUnordered(core, execs);
    if (hub.isWhole) this.#takeDescription();
    // The hub has judged what a clone wrote under the same ids.
    for (const { life, seq } of own) if (isKnown({ life, seq })) forked.add(life);
    const forkedFrom = [...forked].map((life) => [life, 0] as const);
    if (hub.isWhole || hasSeenBeyond(core, common)) {
      boundSeen(core, common);
      isChanged = true;
    }
    const behindMs = state.setTime(hub.timeMs);
    const isClockOff = Math.abs(behindMs) > core.maxAheadMs;
    if (isClockOff || outbox.hasRefusedStamp || moved.size > 0) {
      renewStamps(core, behindMs, moved, forked);
      isChanged = true;
    }
    // Not before: what waits is in the order now in which it is sent.
    if (renewWriteIds(core, new Map([...keptFrom, ...forkedFrom]))) isChanged = true;
    if (isChanged) core.log(core.snapshot());
    this.#finish(hub.durablePlace, refused, true);
    if (isRebuilt) core.emit({ type: 'rebuilt' });
  }

  #takeMain(hub: HubState): Rebuilt {
    const update = unframeUpdate(hub.step2);
    if (!hub.isWhole)
      return { moved: this.#applyMain(update, hub, true), own: [], keptFrom: new Map(), execs: [] };
    const rebuilt = rebuild(this.#core, { ...hub, update });
    this.#core.main.takeMetaChanged();
    return rebuilt;
  }

  /** What other VMs wrote, and the hub lacks, with what this VM wrote that needs it (rule Y4): to be reported to the hub, as it is another than the connection told of. */
  takeKept(): readonly KeptWrite[] | undefined {
    const { kept } = this.#core;
    const isFirst = this.#hasToldKept ? false : kept.size > 0;
    this.#hasToldKept = true;
    return kept.takeChanged() || isFirst ? kept.list() : undefined;
  }

  /** Of what was reported: what the hub has, or nobody wants. */
  found(ids: readonly WriteId[]): void {
    const hadOwn = this.#core.kept.hasOwn;
    if (!letGo(this.#core, ids)) return;
    offerReleased(this.#core);
    this.#core.finishStep('remote');
    this.#core.log(this.#core.snapshot());
    if (hadOwn && this.#core.isMerged) this.#core.emit({ type: 'merged' });
    if (hadOwn && this.#core.isDelivered) this.#core.emit({ type: 'delivered', records: [] });
  }

  /** The next branch update, as y-protocols' update, or `undefined` when everything that may be sent was sent on this connection. */
  takeBranch(maxRecords: number): BranchNews | undefined {
    const commands = this.#core.outbox.takeUnsent(this.#sent + 1, maxRecords);
    if (commands.length === 0) return undefined;
    this.#sent++;
    const update = frameUpdate(this.#branch.push(commands.flatMap(({ records }) => records)));
    return { tokens: tokensOf(commands), update };
  }

  /**
   * Takes what the hub says, in one step. Throws `message-malformed` or `diverged`; then the connection must begin anew. Says whether it must begin anew for another
   * reason: stamps were refused, and are made anew when nothing is on its way (rules T1, T3).
   */
  receive(news: HubNews): 'go-on' | 'begin-anew' {
    const { update, place, durablePlace, judgedUpTo, refusals } = news;
    const forStamp = refusals.filter(isForStamp);
    if (forStamp.length > 0) {
      for (const refusal of forStamp) this.#core.outbox.refuseStamp(refusal);
      return 'begin-anew';
    }
    if (place < this.#core.state.place)
      throw new VirmoError('diverged', 'the hub tells of an earlier place than before');
    if (update !== undefined) this.#applyMain(unframeUpdate(update), news, false);
    const refused = this.#refuse(refusals);
    const judged = this.#core.outbox.judged(judgedUpTo, place);
    const over = [...refused.map(({ command }) => command), ...judged];
    const sent = over.filter(({ sentIn }) => sentIn !== undefined);
    this.#branch.leave(sent.reduce((sum, { records }) => sum + records.length, 0));
    this.#noteJudged(judged);
    this.#finish(durablePlace, refused, over.length > 0);
    return 'go-on';
  }

  /** Compares trees with the hub (rule Y4), if there is nothing here but main up to that place. Throws `diverged`; then the next connection asks for all of main. */
  check(place: number, treeHash: number): void {
    const core = this.#core;
    if (place !== core.state.place || !core.outbox.isMerged || core.state.fold.treeHash() === treeHash)
      return;
    core.isInDoubt = true;
    throw new VirmoError('diverged', `the tree is not the hub's at place ${place}: please report it`);
  }

  /** The connection is over: what was not judged waits for the next. */
  end(): void {
    this.#core.outbox.restart();
  }

  /** Gives the stamps of this VM's own Adds that were merged under others than it knows: a VM that was put back to before they were made anew (rules T3, Y4). */
  #applyMain(
    update: Uint8Array,
    { place, digest, durablePlace }: Pick<HubNews, 'place' | 'digest' | 'durablePlace'>,
    isWelcome: boolean,
  ): Map<string, Stamp> {
    const core = this.#core;
    const moved = new Map<string, Stamp>();
    let isKeptOtherwise = false;
    try {
      const records = core.main.apply(update);
      for (const record of records) {
        const known = record.content.kind === 'add' ? core.state.unmergedAdd(record) : undefined;
        if (known !== undefined && compareStamps(known.stamp, record.stamp) !== 0)
          moved.set(addKey(known), record.stamp);
        if (core.kept.arrived(record)) isKeptOtherwise = true;
        core.state.take(record);
      }
    } catch (error) {
      if (error instanceof VirmoError && error.code === 'diverged') core.giveMainUp();
      throw error;
    }
    core.state.place = place;
    core.line.reach({ digest, place });
    if (isWelcome) core.hubStore.begin(durablePlace);
    // A hub that did not take this VM's description has the old one, which is no news.
    const isDescribed = (core.main.takeMetaChanged() || isWelcome) && this.#takeDescription();
    core.logMain(update, [], []);
    if (isKeptOtherwise) offerReleased(core);
    if (isDescribed || isKeptOtherwise) core.log(core.snapshot());
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

  #noteJudged(judged: readonly OutboxCommand[]): void {
    for (const command of judged) this.#core.state.noteJudged(commandStamp(command) ?? zeroStamp);
    this.#dropLost(judged);
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
    const isKeptOtherwise = this.#letStepsGo();
    core.finishStep('remote');
    if (isKeptOtherwise) core.log(core.snapshot());
    for (const { refusal, command } of refused)
      core.emit({ type: 'refused', refusal, records: command.records });
    const delivered = core.outbox.delivered(durablePlace);
    if (delivered.length > 0) {
      this.#logLeft(delivered);
      core.emit({ type: 'delivered', records: delivered.flatMap(({ records }) => records) });
    }
    if (hasJudged && core.isMerged) core.emit({ type: 'merged' });
    if (!core.hubStore.has(durablePlace)) return;
    core.logMain(new Uint8Array(0), [], []);
    core.emit({ type: 'stored-at-hub' });
  }

  /** What is kept of Execs that are forgotten now, and that the hub lacks, nobody needs any more (rules X3, Y4). Says whether there was anything. */
  #letStepsGo(): boolean {
    const { state, kept } = this.#core;
    const gone = state.forgottenExecs.filter(({ id }) => state.execs.get(id) === undefined);
    return gone.flatMap(({ id }) => kept.takeSteps(id)).length > 0;
  }

  #logLeft(commands: readonly OutboxCommand[]): void {
    if (commands.length > 0) this.#core.log({ type: 'left', commands: commands.map(commandKey) });
  }
}

/** Of neighbours that are one command to the hub (rule D2), the last one's. */
function tokensOf(commands: readonly OutboxCommand[]): number[] {
  return commands
    .filter((command, at) => {
      const next = commands[at + 1];
      return next === undefined || splitCommands([...command.records, ...next.records]).length > 1;
    })
    .map(({ token }) => token);
}
