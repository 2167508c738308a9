import assert from 'node:assert/strict';
import { VirmoError } from '../errors.ts';

/** Asserts that the promise rejects with a VirmoError of this code, and returns that. */
export async function rejectsWith(code: VirmoError['code'], promise: Promise<unknown>): Promise<VirmoError> {
  const error: unknown = await promise.then(
    () => assert.fail(`resolved instead of rejecting with ${code}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof VirmoError)) throw error;
  assert.equal(error.code, code, error.message);
  return error;
}

/** The code of the VirmoError with which the promise rejects; anything else that it does is passed on, or an AssertionError. */
export async function codeOf(promise: Promise<unknown>): Promise<VirmoError['code']> {
  const error: unknown = await promise.then(
    () => assert.fail('resolved instead of rejecting'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof VirmoError)) throw error;
  return error.code;
}
