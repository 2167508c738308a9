/** What a device brings: how its firmware is fetched and put in. */
import { FumoResult } from 'virmo-sync/mo/fumo';

/** The package: where the download has put it, or what a server wrote into PkgData. */
export type FirmwarePackage = string | Uint8Array;

/** What there is since the last `clear`, also after a restart. */
export interface Remains {
  /** Where the package is that `download` fetched. */
  readonly downloaded?: string | undefined;
  /** The Exec of the update that was begun, and its result code: 200 if the package is in. */
  readonly updated?: { readonly exec: string; readonly result: number } | undefined;
}

/** A real updater. What it rejects with is the answer to the Exec: see `FirmwareFailure`. The signal is aborted when the VM closes. */
export interface Updater {
  /** Asked when a restart may have ended `download` or `update` in the middle. */
  recall(): Promise<Remains>;
  /** Fetches what is at the URL; gives where it is now. */
  download(url: string, signal: AbortSignal): Promise<string>;
  /** Notes for `recall` which Exec it is, then puts the package in. That may restart the VM. */
  update(pkg: FirmwarePackage, exec: string, signal: AbortSignal): Promise<void>;
  /** Removes what `download` fetched, and forgets what was updated; there may be neither. */
  clear(): Promise<void>;
}

/** A failure with one of FUMO's result codes, or a vendor's (450 to 499, 550 to 599). */
export class FirmwareFailure extends Error {
  readonly result: number;

  constructor(result: number, message: string) {
    super(message);
    this.name = 'FirmwareFailure';
    this.result = result;
  }
}

/** Whether a result code is one of success, FUMO's or a vendor's. */
export function hasSucceeded(result: number): boolean {
  return Math.floor(result / 100) === 2;
}

/** The result code of a failure; 409, undefined error, for one that does not say. */
export function resultOf(error: unknown): number {
  return error instanceof FirmwareFailure ? error.result : FumoResult.UndefinedError;
}
