/** What must not happen in a simulation and did: the first of it, and where it was. */
import { VirmoError } from '../../src/errors.ts';

export class Failures {
  #first: Error | undefined;

  /** What the others most likely follow from. */
  get first(): Error | undefined {
    return this.#first;
  }

  /** `where`: the VM, and the management object, unless the message names them. */
  add(error: unknown, where = ''): void {
    this.#first ??= placed(error, where);
  }

  /** A disk may fail, and a VM may close: whoever asks it for something then is told so, and that is no failure. */
  addUnlessOfStorage(error: unknown, where: string): void {
    const isExpected =
      error instanceof VirmoError && (error.code === 'storage-failed' || error.code === 'closed');
    if (!isExpected) this.add(error, where);
  }

  /** Adds what a check throws. */
  check(look: () => void, where = ''): void {
    try {
      look();
    } catch (error) {
      this.add(error, where);
    }
  }
}

/** Gives what is given; what it throws names the place too. */
export function inPlace<T>(where: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw placed(error, where);
  }
}

/** The place comes last: by its beginning a failure is told from others. What the product passed on names its own place already. */
function placed(error: unknown, where: string): Error {
  const cause = error instanceof Error ? error : new Error(String(error));
  if (where === '' || cause.message.includes(`(${where}`)) return cause;
  const failure = new Error(`${cause.message} (${where})`, { cause });
  failure.stack = cause.stack?.replace(cause.message, () => failure.message) ?? failure.message;
  return failure;
}
