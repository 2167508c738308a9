import { describe, expect, it } from 'vitest';
import { CommitQueue } from '../../../adapters/storage/lmdb/commit-queue.ts';

/** A queue whose commits are recorded and are finished by hand. */
function queueByHand(): {
  readonly queue: CommitQueue<number>;
  readonly commits: { readonly operations: readonly number[]; finish(error?: Error): void }[];
} {
  const commits: { operations: readonly number[]; finish(error?: Error): void }[] = [];
  const queue = new CommitQueue<number>(
    (operations) =>
      new Promise((resolve, reject) => {
        commits.push({ operations, finish: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { queue, commits };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a commit queue', () => {
  it('commits what is added in one turn together, and what is added meanwhile next', async () => {
    const { queue, commits } = queueByHand();
    const first = [queue.add(1), queue.add(2)];
    await turn();
    const second = [queue.add(3), queue.add(4), queue.add(5)];
    await turn();
    expect(commits.map(({ operations }) => operations)).toEqual([[1, 2]]);
    commits[0]?.finish();
    await Promise.all(first);
    await turn();
    expect(commits.map(({ operations }) => operations)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    commits[1]?.finish();
    await Promise.all(second);
  });

  it('lets what waits behind a failed commit fail, and goes on with what comes after', async () => {
    const { queue, commits } = queueByHand();
    const failed = queue.add(1);
    await turn();
    const behind = queue.add(2);
    const cause = new Error('no space left');
    commits[0]?.finish(cause);
    await expect(failed).rejects.toBe(cause);
    await expect(behind).rejects.toMatchObject({ code: 'storage-failed', cause });
    const later = queue.add(3);
    await turn();
    expect(commits.map(({ operations }) => operations)).toEqual([[1], [3]]);
    commits[1]?.finish();
    await later;
  });

  it('is idle when nothing waits and nothing runs', async () => {
    const { queue, commits } = queueByHand();
    await queue.idle();
    const added = queue.add(1);
    let isIdle = false;
    const idle = queue.idle().then(() => {
      isIdle = true;
    });
    await turn();
    expect(isIdle).toBe(false);
    commits[0]?.finish();
    await Promise.all([added, idle]);
  });
});
