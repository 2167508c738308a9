/** Reading a VM's storage without its agent: for tools. Nothing is written. */
import type { VirmoError } from '../errors.ts';
import { parseRules } from '../replica/scope.ts';
import type { Storage } from '../storage.ts';
import type { Outcome } from '../tree/command.ts';
import { executeCommand } from '../tree/execute.ts';
import { Forest } from '../tree/forest.ts';
import { deserialiseSchema } from '../tree/schema-text.ts';
import { moDocument, ownDocument, storedMounts } from './documents.ts';
import { openJournal } from './stored-journal.ts';

/** A VM's tree as its storage has it. */
export interface StoredTree {
  /** The management objects that were mounted last, by name and URI. */
  readonly mounts: readonly { readonly mo: string; readonly uri: string }[];
  /** What is damaged at the end of documents (`storage-torn`): the tree is as before that was written, as a VM would have it. */
  readonly torn: readonly VirmoError[];
  /** Answers a DM Get (`./FUMO`, `./FUMO?list=StructData`, ...) as the device itself. */
  get(target: string): Outcome;
}

/** Reads everything; the storage stays the caller's. Throws `storage-damaged`, `storage-newer` or what the storage throws. */
export async function readStoredTree(storage: Storage): Promise<StoredTree> {
  const reader = { vm: 'reader', now: () => 0, random53: () => 1 };
  const own = await openJournal(storage, ownDocument, { ...reader, isLocal: true });
  const torn = [own.torn];
  const forest = new Forest(own.replica);
  const mounts = await storedMounts(storage);
  for (const { mo, uri, schema, rules } of mounts) {
    const options = {
      ...reader,
      schema: schema === '' ? undefined : deserialiseSchema(schema),
      rules: parseRules(rules),
      // What main says goes before: it may have been replaced since.
      upgrades: { replaces: [], follows: true },
    };
    const stored = await openJournal(storage, moDocument(mo), options);
    torn.push(stored.torn);
    forest.mount(uri, stored.replica);
  }
  return {
    torn: torn.filter((error) => error !== undefined),
    mounts: mounts.map(({ mo, uri }) => ({ mo, uri })),
    get: (target) => executeCommand({ type: 'Get', target }, forest),
  };
}
