import { type Storage, type StorageWrite, VirmoError } from 'virmo-sync';
import { type MemoryDisk, memoryDisk, memoryStorage } from 'virmo-sync/memory-storage';
import { crashWorkload, type StorageFixture, type StoragePlace } from 'virmo-sync/testing';

const PATIENCE_MS = 400;

/** A storage that passes everything on; the broken ones differ in one thing. */
class Passing implements Storage {
  readonly inner: Storage;
  readonly disk: MemoryDisk;

  constructor(disk: MemoryDisk) {
    this.disk = disk;
    this.inner = memoryStorage({ disk });
  }

  documents(): AsyncIterable<string> {
    return this.inner.documents();
  }

  load(document: string): AsyncIterable<Uint8Array> {
    return this.inner.load(document);
  }

  append(writes: readonly StorageWrite[]): Promise<void> {
    return this.inner.append(writes);
  }

  remove(document: string): Promise<void> {
    return this.inner.remove(document);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class Hasty extends Passing {
  #pending: StorageWrite[] = [];

  override async append(writes: readonly StorageWrite[]): Promise<void> {
    this.#pending.push(...writes);
    if (this.#pending.length > 50) await super.append(this.#pending.splice(0));
  }

  override async close(): Promise<void> {
    if (this.#pending.length > 0) await super.append(this.#pending.splice(0)).catch(() => undefined);
    await super.close();
  }
}

/** Fails in the middle of an append, which leaves the first write behind. */
class Halving extends Passing {
  override async append(writes: readonly StorageWrite[]): Promise<void> {
    const [first, ...rest] = writes;
    if (first === undefined) return super.append(writes);
    if (rest.some(({ update }) => update.byteLength > 1_000_000)) {
      this.disk.failWrites(undefined);
      await super.append([first]);
      this.disk.failWrites(new Error('no space left'));
    }
    await super.append(writes);
  }
}

class Reordering extends Passing {
  override async append(writes: readonly StorageWrite[]): Promise<void> {
    if (writes[0]?.update[0] === 7) await new Promise(setImmediate);
    await super.append(writes);
  }
}

class ReorderingWithin extends Passing {
  override append(writes: readonly StorageWrite[]): Promise<void> {
    return super.append([...writes].reverse());
  }
}

/** Keeps what it was given, and gives out what it keeps. */
class Sharing extends Passing {
  readonly #kept = new Map<string, Uint8Array>();

  override async append(writes: readonly StorageWrite[]): Promise<void> {
    for (const { document, update } of writes) this.#kept.set(document, update);
    await super.append(writes);
  }

  override async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    const kept = this.#kept.get(document);
    if (kept === undefined) yield* this.inner.load(document);
    else yield kept;
  }
}

class CuttingNames extends Passing {
  override append(writes: readonly StorageWrite[]): Promise<void> {
    return super.append(writes.map((write) => ({ ...write, document: write.document.replace(/\0+$/, '') })));
  }
}

/** Cuts long names off, without a word. */
class ClippingNames extends Passing {
  override append(writes: readonly StorageWrite[]): Promise<void> {
    return super.append(writes.map((write) => ({ ...write, document: write.document.slice(0, 200) })));
  }
}

class Repeating extends Passing {
  override async *documents(): AsyncGenerator<string, void, undefined> {
    for await (const name of this.inner.documents()) {
      yield name;
      if (name === 'a') yield name;
    }
  }
}

class DroppingEmpty extends Passing {
  override append(writes: readonly StorageWrite[]): Promise<void> {
    return super.append(writes.filter(({ update }) => update.byteLength > 0));
  }
}

/** Compacts a little later, and so takes later appends with it. */
class CompactingLate extends Passing {
  override async append(writes: readonly StorageWrite[]): Promise<void> {
    if (writes.some(isSnapshot)) await new Promise(setImmediate);
    await super.append(writes);
  }
}

class AppendingSnapshots extends Passing {
  override append(writes: readonly StorageWrite[]): Promise<void> {
    return super.append(writes.map(({ document, update }) => ({ document, update })));
  }
}

/** Stores what is appended first, and then the snapshots. */
class CompactingApart extends Passing {
  override async append(writes: readonly StorageWrite[]): Promise<void> {
    await super.append(writes.filter((write) => !isSnapshot(write)));
    await super.append(writes.filter(isSnapshot));
  }
}

/** Reads each update when it is asked for, whatever happened in between. */
class Mixing extends Passing {
  override async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    for (let position = 0; ; position++) {
      let at = 0;
      let found: Uint8Array | undefined;
      for await (const update of this.inner.load(document)) if (at++ === position) found = update;
      if (found === undefined) return;
      yield found;
    }
  }
}

/** Calls a document torn of which it gives nothing. */
class Tearing extends Passing {
  override async *load(document: string): AsyncGenerator<Uint8Array, void, undefined> {
    if (document === 'a') throw new VirmoError('storage-torn', 'its end is damaged');
    yield* super.load(document);
  }
}

/** Promises room that it has not. */
class Boasting extends Passing {
  async hasRoom(): Promise<boolean> {
    return true;
  }
}

class Emptying extends Passing {
  override async remove(document: string): Promise<void> {
    await super.remove(document);
    await super.remove(`${document}b`);
  }
}

class Abandoning extends Passing {
  override async append(writes: readonly StorageWrite[]): Promise<void> {
    await new Promise(setImmediate);
    await super.append(writes);
  }
}

class OpenForEver extends Passing {
  override async append(writes: readonly StorageWrite[]): Promise<void> {
    if (writes.length > 0) await super.append(writes);
  }
}

class Ticking extends Passing {
  readonly #timer: NodeJS.Timeout = setInterval(() => undefined, 1000);

  override close(): Promise<void> {
    setTimeout(() => clearInterval(this.#timer), PATIENCE_MS + 50).unref();
    return super.close();
  }
}

function isSnapshot(write: StorageWrite): boolean {
  return write.isSnapshot === true;
}

interface MemoryPlace extends StoragePlace {
  readonly disk: MemoryDisk;
}

/** The memory storage exchanged by a broken one. */
function withStorage(make: (disk: MemoryDisk) => Storage): StorageFixture<MemoryPlace> {
  return {
    patienceMs: PATIENCE_MS,
    create: () => {
      const disk = memoryDisk();
      return { disk, open: () => make(disk) };
    },
    crash: async ({ disk }) => {
      let acknowledged = 0;
      const working = crashWorkload(make(disk), (step) => {
        acknowledged = step;
        if (step === 301) disk.crash();
      });
      await working.catch(() => undefined);
      return acknowledged;
    },
    failWrites: ({ disk }) => {
      disk.failWrites(new Error('no space left'));
      return () => disk.failWrites(undefined);
    },
    fill: ({ disk }) => {
      disk.fill(true);
      return () => disk.fill(false);
    },
    damage: () => undefined,
  };
}

/** Each with the law whose case must notice it. */
export const brokenStorages: readonly (readonly [
  law: string,
  defect: string,
  StorageFixture<MemoryPlace>,
])[] = [
  ['ST1', 'names a document twice', withStorage((disk) => new Repeating(disk))],
  ['ST2', 'takes two names for one', withStorage((disk) => new CuttingNames(disk))],
  ['ST4', 'shares its arrays', withStorage((disk) => new Sharing(disk))],
  ['ST5', 'loses empty updates', withStorage((disk) => new DroppingEmpty(disk))],
  ['ST7', 'reorders the writes of one call', withStorage((disk) => new ReorderingWithin(disk))],
  ['ST8', 'reorders calls', withStorage((disk) => new Reordering(disk))],
  ['ST10', 'compacts away what was appended later', withStorage((disk) => new CompactingLate(disk))],
  ['ST10', 'appends a snapshot to what it replaces', withStorage((disk) => new AppendingSnapshots(disk))],
  [
    'ST21',
    'takes the snapshots of a call after everything else',
    withStorage((disk) => new CompactingApart(disk)),
  ],
  ['ST11', 'mixes two states in one load', withStorage((disk) => new Mixing(disk))],
  ['ST12', 'removes too much', withStorage((disk) => new Emptying(disk))],
  ['ST14', 'abandons at close what was begun', withStorage((disk) => new Abandoning(disk))],
  ['ST15', 'takes calls after the close', withStorage((disk) => new OpenForEver(disk))],
  ['ST16', 'leaves a timer running', withStorage((disk) => new Ticking(disk))],
  ['ST17', 'stores half of a failed append', withStorage((disk) => new Halving(disk))],
  ['ST18', 'resolves before it has stored', withStorage((disk) => new Hasty(disk))],
  ['ST19', 'overlooks damage', withStorage((disk) => new Passing(disk))],
  ['ST22', 'calls all of a document a damaged end', withStorage((disk) => new Tearing(disk))],
  ['ST23', 'says that there is room when there is none', withStorage((disk) => new Boasting(disk))],
  ['ST20', 'takes a name that is none', withStorage((disk) => new ClippingNames(disk))],
];
