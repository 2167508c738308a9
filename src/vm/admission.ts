/** Who may come in: what a VM that serves asks of each VM that connects. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { PeerIdentity } from '../transport.ts';

/** What is known of a VM that wants in. */
export interface AdmissionRequest {
  /** The id it claims. */
  readonly vm: string;
  /** What it was given to show; '' for nothing. */
  readonly credentials: string;
  /** What the transport vouches for. */
  readonly peer: PeerIdentity;
}

/** Whether the VM is who it says and may come in. A rejected promise counts as no. */
export type Admit = (request: AdmissionRequest) => boolean | Promise<boolean>;

/** Admits VMs that show the token agreed for their id; all comparisons take the same time. Throws RangeError for an empty token. */
export function preSharedTokens(tokens: Readonly<Record<string, string>>): Admit {
  const expected = new Map<string, Buffer>();
  for (const [vm, token] of Object.entries(tokens)) {
    if (token === '') throw new RangeError(`the token of the VM ${vm} is empty`);
    expected.set(vm, hash(token));
  }
  const nobody = hash('');
  return ({ vm, credentials }) => {
    const token = expected.get(vm);
    const isEqual = timingSafeEqual(hash(credentials), token ?? nobody);
    return isEqual && token !== undefined;
  };
}

/** Admits every VM under every id it claims: for tests and for channels that nobody else can open. */
export const admitAnyoneUnauthenticated: Admit = () => true;

/** Hashes have one length, so that comparing them tells nothing of the token's. */
function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
