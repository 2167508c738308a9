/** `virmo-sync repair`: makes a damaged storage usable again, and says what was kept. */
import {
  type DocumentRepair,
  type ReadableUpdates,
  repairDocument,
  type StorageWrite,
  VirmoError,
} from 'virmo-sync';
import { type Salvage, salvageLmdb } from 'virmo-sync/lmdb';
import { type Output, printable } from './output.ts';

/** What may be given up. */
export interface RepairOptions {
  /** A management object whose copy of main is to come from the hub, whatever is wrong with it. */
  readonly mo?: string;
  /** Where nothing can be read, an empty storage takes its place. */
  readonly empty: boolean;
}

/** Repairs the lmdb storage at a path; gives the exit code. The damaged file is kept beside it, under another name. The VM must not be running. */
export async function repairCommand(
  path: string,
  options: RepairOptions,
  out: Output,
  err: Output,
): Promise<number> {
  try {
    const salvage = salvageLmdb(path);
    try {
      out.write(printable(await repair(path, salvage, options)));
    } finally {
      await salvage.close();
    }
    return 0;
  } catch (error) {
    if (!(error instanceof VirmoError || error instanceof Failure)) throw error;
    err.write(printable([error instanceof VirmoError ? `${error.message} (${error.code})` : error.message]));
    return 1;
  }
}

/** What the user is told; anything else that is thrown is a fault of this program. */
class Failure extends Error {}

/** Gives what is to be told. */
async function repair(path: string, salvage: Salvage, { mo, empty }: RepairOptions): Promise<string[]> {
  const { documents } = salvage;
  if (documents === undefined) {
    if (empty) return [`${path} is empty now. ${keptIn(await salvage.replace([]))}`];
    throw new Failure(
      `${path}: nothing can be read any more, not even what is where. With --empty an empty storage takes its place, and the file is kept; all that no hub has is lost`,
    );
  }
  if (mo !== undefined && !documents.has(`mo:${mo}`)) throw new Failure(`${path}: there is no ${mo}`);
  const plans = [...documents].map(([document, updates]) => planFor(document, updates, mo));
  const changed = plans.filter(({ fate }) => fate.type !== 'whole');
  if (changed.length === 0 && salvage.isSound) {
    return [`${path}: nothing is damaged, and nothing was changed`];
  }
  const kept = await salvage.replace(plans.flatMap(writesOf));
  const whole = changed.length === 0 ? ['all documents are whole; the file was not'] : [];
  const { lostPages, mayLackLast } = salvage;
  const pages = lostPages > 0 ? [`${count(lostPages, 'page')} of the file lost`] : [];
  const last = mayLackLast ? ['what was written last may be missing'] : [];
  return [...whole, ...changed.flatMap(describe), ...pages, ...last, keptIn(kept)];
}

interface Plan {
  readonly document: string;
  readonly updates: ReadableUpdates;
  readonly fate: DocumentRepair;
}

function planFor(document: string, updates: ReadableUpdates, forgotten: string | undefined): Plan {
  const forgetsMain = document === `mo:${forgotten}`;
  const fate = repairDocument(document, updates, { forgetsMain });
  if (forgetsMain && fate.type === 'journal' && fate.wasHub) {
    throw new Failure(
      `${forgotten}: this VM was its hub; nobody else can bring main back. Repair it without --mo`,
    );
  }
  return { document, updates, fate };
}

function writesOf({ document, updates, fate }: Plan): StorageWrite[] {
  switch (fate.type) {
    case 'whole':
      return readable(updates).map((update) => ({ document, update }));
    case 'journal':
      return [{ document, update: fate.snapshot, isSnapshot: true }];
    case 'mount':
      return [];
    case 'unknown':
      return readable(updates.slice(0, fate.kept)).map((update) => ({ document, update }));
  }
}

function readable(updates: ReadableUpdates): Uint8Array[] {
  return updates.filter((update) => update !== undefined);
}

function describe({ document, fate }: Plan): string[] {
  switch (fate.type) {
    case 'whole':
      return [];
    case 'journal':
      return describeJournal(fate);
    case 'mount':
      return [`${fate.mo}: how it was mounted is lost; the next mount writes it anew`];
    case 'unknown':
      return [`${document}: its first ${count(fate.kept, 'update')} kept`];
  }
}

function describeJournal(fate: DocumentRepair & { readonly type: 'journal' }): string[] {
  const { mo, place, hasMain, waiting, local, lost, wasHub } = fate;
  if (mo === undefined) return [`the VM's own nodes: ${count(local, 'record')} kept, about ${lost} lost`];
  const kept = `${mo}: kept ${count(waiting, 'command')} that may not be at the hub, and ${count(local, 'record')} that stay in this VM; about ${count(lost, 'update')} lost`;
  return [kept, `${mo}: ${fateOfMain(hasMain, place, wasHub)}`];
}

function fateOfMain(hasMain: boolean, place: number, wasHub: boolean): string {
  if (hasMain && wasHub) {
    return `main is kept up to place ${place}; this VM is its hub: what came later comes back from the VMs that have it`;
  }
  if (hasMain) return `main is kept up to place ${place}; the rest comes from the hub`;
  return wasHub
    ? 'nothing of main is left, and this VM was its hub: restore a backup, for VMs that have a copy join no new main'
    : 'nothing of main is left; all of it comes from the hub at the next connection';
}

function keptIn(path: string): string {
  return `The damaged file is kept as ${path}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
