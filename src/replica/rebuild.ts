/**
 * A copy of main that is of another line than the hub's, or too old to tell, is made anew from all of the hub's (rule Y4), in the same step in which it is shown. What this VM itself had merged and the hub never judged waits
 * again; what others had is kept for them.
 */
import { awaitKeptAdds } from './awaited-adds.ts';
import { uriOf } from './changes.ts';
import type { ReplicaCore } from './core.ts';
import { sharedPlace } from './epochs.ts';
import type { ExecState } from './execs.ts';
import type { KeptWrite, Mark, PendingCommand, WriteKey } from './journal.ts';
import { isOneWrite } from './kept-writes.ts';
import type { LinePoint } from './line.ts';
import { Main } from './main.ts';
import { splitCommands } from './outbox-command.ts';
import {
  addKey,
  isExecRecord,
  isForgetRecord,
  isHubsOwn,
  isTreeRecord,
  type LogRecord,
  writeKey,
} from './record.ts';
import { renewWriteId } from './renew-write-ids.ts';
import { compareStamps, type Stamp } from './stamp.ts';
import type { ReplicaState } from './state.ts';

/** What the hub says of its line. */
export interface WholeMain {
  /** All of main, as an update. */
  readonly update: Uint8Array;
  readonly place: number;
  readonly digest: number;
  /** The hub has it durably up to here. */
  readonly durablePlace: number;
  /** The latest points of the hub's line. */
  readonly line: readonly LinePoint[];
  /** The VM that is the hub. */
  readonly vm: string;
  /** How far the hub has judged every life of every VM. */
  readonly marks: readonly Mark[];
}

/** What came of it. */
export interface Rebuilt {
  /** The new stamps of this VM's waiting Adds that were merged under others, by their former keys. */
  readonly moved: ReadonlyMap<string, Stamp>;
  /** What this VM wrote, and the hub lacks: it is to wait again. */
  readonly own: readonly LogRecord[];
  /** The lives of which something is kept and not sent, each with the first counter: what is sent with later ones would make the hub, and others, take that for judged (rule D2). */
  readonly keptFrom: ReadonlyMap<number, number>;
  /** The Execs that had been merged. Those whose order is not there again when all is back that waits are to be forgotten (`forgetUnordered`). */
  readonly execs: readonly ExecState[];
}

/** Throws `message-malformed` or `diverged`; then nothing was changed. */
export function rebuild(core: ReplicaCore, whole: WholeMain): Rebuilt {
  const { state } = core;
  const main = new Main(core.random53());
  const records = main.apply(whole.update);
  const fork = core.line.sharedWith(whole.line);
  const shared = fork ?? sharedPlace(main.meta()?.epochs ?? [], core.main.meta()?.epochs ?? [], state.place);
  const lost = lostRecords(core, whole, records, { fork, shared }).map((record) => placed(core, record));
  const waiting = [...core.outbox.commands()].flatMap((command) =>
    command.records.map((each) => placed(core, each)),
  );
  const others = lost.filter(({ record }) => record.stamp.vm !== state.vm);
  const own = notWaiting(
    core,
    lost.filter(({ record }) => record.stamp.vm === state.vm),
  );
  core.main = main;
  core.rebuilds++;
  core.hubStore.begin(whole.durablePlace);
  core.line = core.line.partOf(whole.line);
  core.line.reach(whole);
  core.isInDoubt = false;
  for (const node of state.fold.nodes()) state.fold.removeMerged(node);
  const execs = state.execs.takeMerged();
  state.dropConflicts(records);
  // What waits may have been merged in the former copy, and have been taken out with it.
  for (const command of core.outbox.unmerged()) for (const record of command.records) state.take(record);
  state.place = whole.place;
  state.forgetNothing();
  state.forgetMergedStamps();
  state.takeForgotten(records);
  const moved = new Map<string, Stamp>();
  core.kept.add(others);
  for (const record of records.toSorted((a, b) => a.seq - b.seq)) core.kept.arrived(record);
  for (const record of records) {
    const known = state.unmergedAdd(record);
    if (known !== undefined && compareStamps(known.stamp, record.stamp) !== 0)
      moved.set(addKey(known), record.stamp);
    state.take(record);
  }
  const { offered, keptFrom } = takeBack(core, [...own, ...waiting], others);
  offerReleased(core);
  return { moved, own: offered, keptFrom, execs };
}

/** Forgets the Execs of which nobody has the order: to be called when this VM's own are there again, for it may have begun them, and told of them (rules X2, X4). */
export function forgetUnordered({ state }: ReplicaCore, execs: readonly ExecState[]): void {
  for (const exec of execs)
    if (exec.order === undefined && state.execs.get(exec.id) === exec) state.forgetExec(exec);
}

/** Where the copy is of the hub's line. */
interface Shared {
  /** Up to this place for certain, and no further; `undefined` if that cannot be told. */
  readonly fork: number | undefined;
  /** No further than this, as far as is known. */
  readonly shared: number;
}

/** What is held as merged, and neither in the hub's main nor judged by the hub; oldest first. */
function lostRecords(
  core: ReplicaCore,
  { marks, vm: hub }: WholeMain,
  records: readonly LogRecord[],
  { fork, shared }: Shared,
): LogRecord[] {
  const forgotten = Math.max(0, ...records.filter(isForgetRecord).map(({ content }) => content.upTo));
  // Places beyond are of another line: what was merged there the hub may never have seen.
  const upTo = Math.min(forgotten, shared);
  const present = new Map(records.map((record) => [writeKey(record), record]));
  const judged = new Map(marks.map(({ vm, life, seq }) => [`${vm} ${life}`, seq]));
  // Of a life that was over by what is forgotten the hub may know nothing any more (rule Y5).
  const isJudged = (record: LogRecord) => {
    // A hub whose memory was put back wrote on under the same write ids.
    if (fork !== undefined && record.stamp.vm === hub) return false;
    const seq = judged.get(lifeOf(record));
    return seq === undefined ? record.place <= upTo : record.seq <= seq;
  };
  const held = [...core.mergedRecords()];
  // Clones write under the same ids: the hub's mark may be about what another one wrote.
  const others = held.filter(
    (record) => present.has(writeKey(record)) && !isSameRecord(present.get(writeKey(record)), record),
  );
  const forked = new Set(others.map(lifeOf));
  const lost = held.filter(
    (record) =>
      !isHubsOwn(record.content) &&
      record.place > (fork ?? 0) &&
      !isSameRecord(present.get(writeKey(record)), record) &&
      (forked.has(lifeOf(record)) || !isJudged(record)),
  );
  return lost.sort((a, b) => a.place - b.place || a.seq - b.seq);
}

function isSameRecord(one: LogRecord | undefined, other: LogRecord): boolean {
  return one !== undefined && one.node === other.node && compareStamps(one.stamp, other.stamp) === 0;
}

function lifeOf({ stamp, life }: LogRecord): string {
  return `${stamp.vm} ${life}`;
}

/** Where it is now, before main goes. */
function placed({ state }: ReplicaCore, record: LogRecord): KeptWrite {
  const node = state.fold.node(record.node);
  const uri = node?.scope === undefined ? '' : uriOf(node);
  return { record: { ...record, place: 0 }, uri };
}

/** Without what waits; under other write ids where something else waits under the same: another process of this VM went on with the same memory. */
function notWaiting({ outbox, random53 }: ReplicaCore, own: readonly KeptWrite[]): KeptWrite[] {
  const others = own.filter(({ record }) => {
    const namesake = outbox.namesake(record);
    return namesake === undefined || !isOneWrite(namesake, record);
  });
  const lives = new Map<number, number>();
  for (const { record } of others) if (outbox.has(record)) lives.set(record.life, random53());
  return others.map(({ record, uri }) => ({
    record: { ...record, life: lives.get(record.life) ?? record.life },
    uri,
  }));
}

interface TakenBack {
  readonly offered: readonly LogRecord[];
  readonly keptFrom: ReadonlyMap<number, number>;
}

/** Keeps, with what others wrote, what this VM wrote that needs it; gives what else is this VM's own. */
function takeBack(core: ReplicaCore, own: readonly KeptWrite[], others: readonly KeptWrite[]): TakenBack {
  const { state, outbox, kept } = core;
  for (const { record } of others) if (!isTreeRecord(record)) state.take(record);
  const dependents = kept.dependents(own.map(({ record }) => record));
  // No mark of the hub is about this life: it is not sent.
  const life = core.random53();
  let seq = 0;
  const keptFrom = new Map<number, number>();
  for (const { record, uri } of own) {
    if (!dependents.has(record)) continue;
    keptFrom.set(record.life, Math.min(record.seq, keptFrom.get(record.life) ?? record.seq));
    outbox.leave(record);
    kept.add([{ record: setAside(state, record, { life, seq: ++seq }), uri }]);
  }
  const offered = own.flatMap(({ record }) => (dependents.has(record) || outbox.has(record) ? [] : record));
  return { offered, keptFrom };
}

/** Takes a write out of the tree; what is said of an Exec stays known, so that it is not carried out again (rule X2). */
function setAside(state: ReplicaState, record: LogRecord, id: WriteKey): LogRecord {
  const kept: LogRecord = { ...record, ...id };
  if (isTreeRecord(record) && state.fold.find(record)?.place === 0) state.fold.remove(record);
  if (isExecRecord(record) && isExecRecord(kept)) state.execs.rename(record, kept);
  if (!isTreeRecord(kept)) state.take(kept);
  return kept;
}

/** Keeps a step of an Exec of which the hub lacks the order, with that; says whether it is so: then all is to be stored anew. */
export function keepStep(core: ReplicaCore, record: LogRecord): boolean {
  if (!core.kept.dependents([record]).has(record)) return false;
  const id = { life: core.random53(), seq: 1 };
  core.kept.add([{ record: setAside(core.state, record, id), uri: '' }]);
  core.finishStep('local');
  return true;
}

/** Has writes that were merged wait again, among the others in the order of their stamps; to be called while nothing is sent. */
export function offerAgain({ state, outbox, random53 }: ReplicaCore, records: readonly LogRecord[]): void {
  for (const record of records) state.take(record);
  outbox.addAgain(splitCommands(records).map((command) => waitAgain(command, state, random53())));
}

/** Has this VM's own writes wait that need nothing any more that is kept, and what stays here wait for what is: to be called when others are kept than before. */
export function offerReleased(core: ReplicaCore): void {
  const { state, outbox, random53 } = core;
  for (const records of released(core)) outbox.add(waitAgain(records, state, random53()));
  awaitKeptAdds(core);
}

/** Takes out this VM's own commands that need nothing any more that is kept, under new write ids: the hub may have judged more of their lives meanwhile. */
function released({ state, kept }: ReplicaCore): LogRecord[][] {
  return splitCommands(kept.release()).map((command) => command.map((record) => renewWriteId(state, record)));
}

/** Its stamp was right when it was merged. */
function waitAgain(records: readonly LogRecord[], state: ReplicaState, token: number): PendingCommand {
  const { offsetMs = 0 } = state.clock();
  const clockMs = (records[0]?.stamp.ms ?? 0) - offsetMs;
  return { records, floor: undefined, clockMs, offsetMs, token };
}
