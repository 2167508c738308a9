import { VirmoError } from 'virmo-sync';

/** LMDB's errors that say: these bytes cannot have been written by LMDB. */
const DAMAGE = /MDB_(CORRUPTED|PAGE_NOTFOUND|INVALID)/;

/** What went wrong in the directory, as `storage-damaged` or `storage-failed`; an error of this library keeps its code. `what` names the file. Damage comes with what can be done about it. */
export function failure(path: string, what: string, cause: unknown): VirmoError {
  const message = `${what} failed: ${cause instanceof Error ? cause.message : String(cause)}`;
  const code = codeOf(cause, message);
  const remedy = code === 'storage-damaged' ? `; \`virmo-sync repair ${path}\` keeps what can be read` : '';
  return new VirmoError(code, message + remedy, { cause });
}

function codeOf(cause: unknown, message: string): VirmoError['code'] {
  if (cause instanceof VirmoError) return cause.code;
  return DAMAGE.test(message) ? 'storage-damaged' : 'storage-failed';
}

/** lmdb-js rejects a failed commit with an error that holds a promise, which rejects with what really happened. */
export async function causeOfCommit(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  return Promise.resolve(error.commitError).then(
    () => error,
    (cause: unknown) => cause,
  );
}
