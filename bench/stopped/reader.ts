import type { MountEvent } from 'virmo-sync';
import { webSocket } from 'virmo-sync/websocket';
import { counting, type Received } from './counting.ts';
import type { Part } from './dialogue.ts';
import { digestOf, type Opened, open } from './vm.ts';

/** What a reader got until it had everything. */
export interface CatchUp {
  readonly frames: number;
  readonly bytes: number;
  /** In how many steps it was shown: one for each message that brought something. */
  readonly steps: number;
  /** What came with the last of them. */
  readonly lastStepBytes: number;
  /** When it was there, by `process.hrtime.bigint()`. */
  readonly atNs: bigint;
  /** A digest of what it shows then. */
  readonly digest: string;
}

/** The process of a VM that reads, and is stopped meanwhile. */
export class StoppedReader {
  readonly #opened: Opened;
  readonly #received: Received;

  private constructor(opened: Opened, received: Received) {
    this.#opened = opened;
    this.#received = received;
  }

  /** Joins; resolves when it is in step. */
  static async join(address: string, part: Part, vm: string): Promise<StoppedReader> {
    const opened = await open(vm, part);
    const received: Received = { frames: 0, bytes: 0 };
    // Dialled again as soon as it goes on: what is measured is the catching up.
    opened.vm.connect(counting(webSocket(address), received), { backoff: { firstMs: 1 } });
    await opened.mount.whenSynced();
    return new StoppedReader(opened, received);
  }

  /** What it got since it dialled first. */
  get bytes(): number {
    return this.#received.bytes;
  }

  /** Resolves when any leaf has a value that begins so, with what came since this call. */
  watch(beginning: string): Promise<CatchUp> {
    const { mount } = this.#opened;
    const { frames, bytes } = this.#received;
    let steps = 0;
    let bytesBefore = bytes;
    return new Promise((resolve) => {
      const stop = mount.observe((event) => {
        if (event.type !== 'changed' || event.source !== 'remote') return;
        const atNs = process.hrtime.bigint();
        const now = this.#received;
        const lastStepBytes = now.bytes - bytesBefore;
        bytesBefore = now.bytes;
        steps++;
        if (!bringsValue(event, beginning)) return;
        stop();
        const [framesMore, bytesMore] = [now.frames - frames, now.bytes - bytes];
        const digest = digestOf(mount);
        resolve({ frames: framesMore, bytes: bytesMore, steps, lastStepBytes, atNs, digest });
      });
    });
  }

  close(): Promise<void> {
    return this.#opened.vm.close();
  }
}

function bringsValue({ changes }: Extract<MountEvent, { type: 'changed' }>, beginning: string): boolean {
  return changes.some((change) => change.type === 'value' && String(change.value.data).startsWith(beginning));
}
