/** How a command becomes records that wait, or are merged, or stay here (rules D5, M7, S1). */
import { VirmoError } from '../errors.ts';
import type { ReplicaCore } from './core.ts';
import type { Hub } from './hub.ts';
import { isTreeRecord, type LogRecord, localPlace } from './record.ts';
import { roughSize } from './record-size.ts';

/** A command with its token (rule Y4). */
export interface Written {
  readonly records: readonly LogRecord[];
  readonly token: number;
}

/** Of one replica. */
export class Recorder {
  readonly #core: ReplicaCore;
  readonly #maxCommandBytes: number;

  constructor(core: ReplicaCore, maxCommandBytes: number) {
    this.#core = core;
    this.#maxCommandBytes = maxCommandBytes;
  }

  /** Records a command: at the hub it is merged, elsewhere it waits. `dropped` had been waiting, and is made needless by it. Throws `message-too-large`; then nothing is recorded. */
  record({ records, token }: Written, dropped: readonly LogRecord[], hub: Hub | undefined): void {
    const { state } = this.#core;
    this.checkSize(records);
    const local = records
      .filter((record) => this.#isLocal(record))
      .map((record) => ({ ...record, place: localPlace }));
    const shared = records.filter((record) => !this.#isLocal(record));
    if (hub === undefined) this.#queue({ records: shared, token }, local, dropped);
    else hub.mergeOwn(shared, local);
    for (const record of local) state.take(record);
    this.#core.finishStep('local');
  }

  /** Throws `message-too-large` for a command that does not fit in one message. */
  checkSize(records: readonly LogRecord[]): void {
    const bytes = records.reduce((sum, record) => sum + roughSize(record), 0);
    if (bytes <= this.#maxCommandBytes) return;
    throw new VirmoError(
      'message-too-large',
      `a command of about ${bytes} bytes; at most ${this.#maxCommandBytes} are taken`,
    );
  }

  /** Puts a command into the outbox; it replaces what was never sent and is needless now (rule D5). */
  #queue(
    { records: shared, token }: Written,
    local: readonly LogRecord[],
    dropped: readonly LogRecord[],
  ): void {
    const { state, outbox } = this.#core;
    const [only] = shared;
    const replaced =
      only !== undefined && shared.length === 1 ? outbox.replaceable(only)?.records[0] : undefined;
    const seen = replaced === undefined ? undefined : Math.min(replaced.seen, only?.seen ?? 0);
    const records = seen === undefined ? shared : shared.map((record) => ({ ...record, seen }));
    const needless = replaced === undefined ? dropped : [...dropped, replaced];
    const { clockMs, offsetMs } = state.clock();
    const command = { records, floor: state.lastMerged, clockMs, offsetMs, token };
    this.#core.log({ type: 'command', shared: command, local, dropped: needless });
    outbox.drop(needless);
    if (replaced !== undefined && isTreeRecord(replaced)) state.fold.remove(replaced);
    if (records.length > 0) outbox.add(command);
    for (const record of records) state.take(record);
  }

  /** What is told of a local Exec stays here, whatever became of its node. */
  #isLocal(record: LogRecord): boolean {
    const { fold, execs } = this.#core.state;
    const { node, content, place } = record;
    if (place === localPlace) return true;
    return 'exec' in content
      ? (execs.get(content.exec)?.isLocal ?? false)
      : (fold.node(node)?.local ?? false);
  }
}
