/** What a device brings: how its firmware is fetched and put in. */
import { FumoResult } from 'virmo-sync/mo/fumo';

/** The package: where the download has put it, or what a server wrote into PkgData. */
export type FirmwarePackage = string | Uint8Array;

/** A real updater. What it rejects with is the answer to the Exec: see `FirmwareFailure`. The signal is aborted when the VM closes. */
export interface Updater {
  /** Fetches what is at the URL; gives where it is now. */
  download(url: string, signal: AbortSignal): Promise<string>;
  /** Puts the package in. */
  update(pkg: FirmwarePackage, signal: AbortSignal): Promise<void>;
  /** Removes what `download` fetched; it may be gone already. */
  remove(pkg: string): Promise<void>;
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

/** The result code of a failure; 409, undefined error, for one that does not say. */
export function resultOf(error: unknown): number {
  return error instanceof FirmwareFailure ? error.result : FumoResult.UndefinedError;
}
