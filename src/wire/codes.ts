/** The error codes as values: what a peer says is no code until it is found here. */
import type { ErrorCode } from '../errors.ts';

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(codes, code);
}

/** A record, so that the compiler misses none. */
const codes: Readonly<Record<ErrorCode, true>> = {
  closed: true,
  'channel-closed': true,
  'channel-failed': true,
  'message-too-large': true,
  'message-malformed': true,
  'version-unsupported': true,
  'not-admitted': true,
  'mo-unknown': true,
  'peer-silent': true,
  'duplicate-vm': true,
  'origin-mismatch': true,
  'schema-mismatch': true,
  'rules-mismatch': true,
  diverged: true,
  'storage-damaged': true,
  'storage-newer': true,
  'storage-failed': true,
  'ddf-invalid': true,
  internal: true,
};
