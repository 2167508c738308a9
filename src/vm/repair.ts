/** Repairing what a VM has stored: for tools that can read past the damage. Nothing is read or written here. */
import { VirmoError } from '../errors.ts';
import { salvageJournal } from '../replica/salvage.ts';
import { decodeStoredMount, moOfDocument, moOfMountDocument, ownDocument } from './documents.ts';

/** What can still be read of a document: its updates in order, `undefined` in the place of one or several that are damaged or missing. */
export type ReadableUpdates = readonly (Uint8Array | undefined)[];

/** What becomes of a document. */
export type DocumentRepair =
  /** Nothing is wrong with it. */
  | { readonly type: 'whole' }
  /** The tree of a management object, or (`mo` is `undefined`) the VM's own nodes: all of it gives way to the snapshot. */
  | {
      readonly type: 'journal';
      readonly mo: string | undefined;
      readonly snapshot: Uint8Array;
      /** Whether anything of main is kept; otherwise all of it comes from the hub at the next connection, and a VM that serves the management object cannot go on with it. */
      readonly hasMain: boolean;
      /** The place up to which main is kept. */
      readonly place: number;
      /** How many commands wait for a hub: those that were not sent, and some that it may have. */
      readonly waiting: number;
      /** How many records that stay in this VM are kept. */
      readonly local: number;
      /** About so many stored updates are lost, in part or wholly. */
      readonly lost: number;
      /** Whether this VM was the hub. */
      readonly wasHub: boolean;
    }
  /** How a management object was mounted cannot be read: the document is to be removed, and written anew by the next mount. */
  | { readonly type: 'mount'; readonly mo: string }
  /** A document that is not a VM's: so many updates at its beginning are good. */
  | { readonly type: 'unknown'; readonly kept: number };

/**
 * Says what is to take the place of a document. Main is kept as far as it is whole, what waits for a hub and what stays in the VM is kept behind the damage, too (rule Y4). `forgetsMain`: all of main is to come from the
 * hub anew, whatever is wrong with it. Throws `storage-newer`.
 */
export function repairDocument(
  document: string,
  updates: ReadableUpdates,
  options: { readonly forgetsMain?: boolean } = {},
): DocumentRepair {
  const mo = moOfDocument(document);
  if (mo !== undefined || document === ownDocument) {
    const { snapshot, ...kept } = salvageJournal(updates, options);
    return snapshot === undefined ? { type: 'whole' } : { type: 'journal', mo, snapshot, ...kept };
  }
  const mounted = moOfMountDocument(document);
  if (mounted !== undefined) return isReadable(updates) ? { type: 'whole' } : { type: 'mount', mo: mounted };
  const kept = updates.indexOf(undefined);
  return kept === -1 ? { type: 'whole' } : { type: 'unknown', kept };
}

function isReadable(updates: ReadableUpdates): boolean {
  const last = updates.findLast((update) => update !== undefined);
  try {
    if (last !== undefined) decodeStoredMount(last);
  } catch (error) {
    if (error instanceof VirmoError && error.code === 'storage-newer') throw error;
    return false;
  }
  return last !== undefined;
}
