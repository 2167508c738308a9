import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Command, isSuccess } from 'virmo-sync';
import { webSocket } from 'virmo-sync/websocket';
import { nanosecondsSince } from '../clock.ts';
import { valueFor } from '../sync/phase.ts';
import type { Part } from './dialogue.ts';
import { type Opened, open, uriOf } from './vm.ts';

/** So many commands may wait for the hub: fewer than there are leaves, or a later write would stand in for an earlier one (rule D5), and the hub would hear of less. */
const maxPending = 512;
/** So many writes are made between two looks at that. */
const burst = 64;

/** The process of the VM that writes. */
export class StoppedWriter {
  readonly #opened: Opened;
  readonly #leaves: number;
  #written = 0;
  #failure: Error | undefined;

  private constructor(opened: Opened, leaves: number) {
    this.#opened = opened;
    this.#leaves = leaves;
  }

  /** Joins, and makes the leaves. RangeError for so few that writes would stand in for each other. */
  static async join(address: string, part: Part, leaves: number): Promise<StoppedWriter> {
    if (leaves < maxPending + 2 * burst) throw new RangeError(`${leaves} leaves are too few`);
    const opened = await open('writer', part);
    opened.vm.connect(webSocket(address));
    await opened.mount.whenSynced();
    const commands = Array.from(
      { length: leaves },
      (_, leaf): Command => ({ type: 'Add', target: uriOf(leaf), data: '' }),
    );
    await opened.vm.execute({ type: 'Sequence', commands });
    await opened.mount.whenDelivered();
    return new StoppedWriter(opened, leaves);
  }

  /** Overwrites the leaves but the last in turn, as fast as the hub takes it; the last write of all goes to the last leaf. Resolves when all is delivered, with the time it took. */
  async overwrite(writes: number): Promise<number> {
    const start = process.hrtime.bigint();
    for (let left = writes; left > 0; left -= burst) {
      for (let i = Math.min(left, burst); i > 0; i--) {
        this.#written++;
        const leaf = left === i ? this.#leaves - 1 : this.#written % (this.#leaves - 1);
        void this.#write(leaf, valueFor(this.#written));
      }
      do await nextTurn();
      while (this.#pending > maxPending);
      if (this.#failure !== undefined) throw this.#failure;
    }
    await this.#opened.mount.whenDelivered();
    return nanosecondsSince(start) / 1e9;
  }

  close(): Promise<void> {
    return this.#opened.vm.close();
  }

  get #pending(): number {
    const state = this.#opened.mount.syncState();
    return state.role === 'follower' ? state.pending : 0;
  }

  async #write(leaf: number, data: string): Promise<void> {
    try {
      const { status } = await this.#opened.vm.execute({ type: 'Replace', target: uriOf(leaf), data });
      if (!isSuccess(status)) throw new Error(`a Replace was answered ${status}`);
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
  }
}
