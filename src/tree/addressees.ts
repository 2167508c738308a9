/** Which VMs an Exec can be for (rule X1). */
import type { Addressees } from './command.ts';

/** Throws a RangeError, which names `what` is for them, for addressees that are none: another word, nobody, or what is no VM's id. */
export function checkAddressees(addressees: Addressees, what: string): void {
  if (addressees === 'all' || addressees === 'issuer') return;
  if (Array.isArray(addressees) && addressees.length > 0 && addressees.every(isVmId)) return;
  throw new RangeError(
    `${what} is for 'all', for the 'issuer', or for VMs by their ids, and not for ${JSON.stringify(addressees)}`,
  );
}

/** Largest VM id, in UTF-16 code units. */
export const maxVmIdLength = 64;

/** Whether a value can be a VM's id in a command or a record. */
export function isVmId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxVmIdLength;
}
