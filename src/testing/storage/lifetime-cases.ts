import assert from 'node:assert/strict';
import { assertSameBytes, pattern } from '../bytes.ts';
import type { Case } from '../case.ts';
import { eventually, PATIENCE_MS } from '../patience.ts';
import { codeOf, rejectsWith } from '../rejection.ts';
import { leavesNothing } from '../resources.ts';
import { assertSurvived } from './crash-workload.ts';
import { collect, onShelf, type StorageFixture, type StoragePlace, write } from './fixture.ts';

const MIB = 1024 * 1024;

/** The laws about closing, failing, crashing and damage. */
export function lifetimeCases<Place extends StoragePlace>(): readonly Case<StorageFixture<Place>>[] {
  return [
    {
      law: 'ST14',
      sentence: 'finishes at close what was begun',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const begun = [
            shelf.append(write('a', 1)),
            shelf.append(write('a', 2)),
            shelf.compact('b', Uint8Array.of(3)),
          ];
          await shelf.reopen();
          await Promise.all(begun);
          await shelf.expect('a', [1, 2]);
          await shelf.expect('b', [3]);
        }),
    },
    {
      law: 'ST15',
      sentence:
        'may be closed twice, is closed by disposal, and rejects every other call after it with closed',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const { storage } = shelf;
          await shelf.append(write('a', 1));
          const loading = storage.load('a');
          await shelf.soon('the closes', Promise.all([storage[Symbol.asyncDispose](), storage.close()]));
          await shelf.close();
          const calls: readonly (() => Promise<unknown>)[] = [
            () => storage.append([write('a', 2)]),
            () => storage.append([]),
            () => storage.append([{ document: 'a', update: Uint8Array.of(3), isSnapshot: true }]),
            () => storage.remove('a'),
            () => collect(storage.documents()),
            () => collect(storage.load('a')),
            () => collect(loading),
          ];
          for (const call of calls) await rejectsWith('closed', shelf.soon('a refusal', call()));
        }),
    },
    {
      law: 'ST16',
      sentence: 'leaves nothing running when it is closed',
      run: (fixture) =>
        leavesNothing(fixture.patienceMs ?? PATIENCE_MS, () =>
          onShelf(fixture, async (shelf) => {
            await shelf.append(write('a', 1));
            await shelf.storage.load('a')[Symbol.asyncIterator]().next();
            await shelf.expect('a', [1]);
          }),
        ),
    },
    {
      law: 'ST17',
      sentence: 'rejects with storage-failed when it cannot write, and then has nothing of that call',
      needs: 'failWrites',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          await shelf.append(write('a', 1), write('b', 1));
          const heal = (await fixture.failWrites?.(shelf.place)) ?? (() => undefined);
          const bulk = { document: 'b', update: pattern(1, 4 * MIB) };
          const { storage } = shelf;
          await rejectsWith('storage-failed', shelf.soon('a failure', storage.append([write('a', 2), bulk])));
          await rejectsWith('storage-failed', shelf.compact('a', bulk.update));
          const replacing = { ...write('a', 3), isSnapshot: true };
          await rejectsWith('storage-failed', shelf.append(replacing, bulk));
          await heal();
          await shelf.reopen();
          await shelf.expect('a', [1]);
          await shelf.expect('b', [1]);
        }),
    },
    {
      law: 'ST23',
      sentence:
        'says when there is no room, stores what is small all the same, and says when there is some again',
      needs: 'fill',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const hasRoom = async (): Promise<boolean | undefined> =>
            shelf.soon('an answer', Promise.resolve(shelf.storage.hasRoom?.()));
          await shelf.append(write('a', 0));
          assert.equal(await hasRoom(), true, 'there is room at first');
          const free = (await fixture.fill?.(shelf.place)) ?? (() => undefined);
          for (let n = 1; n <= 20; n++) await shelf.append({ document: 'a', update: pattern(n, 4096) });
          assert.equal(await hasRoom(), false, 'there is none now');
          await shelf.reopen();
          assert.equal(await hasRoom(), false, 'nor after it was opened again');
          await shelf.append(write('b', 1));
          await free();
          await eventually(
            fixture.patienceMs ?? PATIENCE_MS,
            () => 'there is room again',
            async () => (await hasRoom()) === true,
          );
          await shelf.reopen();
          assert.equal((await shelf.load('a')).length, 21);
          await shelf.expect('b', [1]);
        }),
    },
    {
      law: 'ST18',
      sentence: 'has everything that it acknowledged, and each call wholly or not at all, after a crash',
      needs: 'crash',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          let acknowledged = 0;
          await shelf.reopen(async () => {
            acknowledged = (await fixture.crash?.(shelf.place)) ?? 0;
          });
          assert.ok(acknowledged > 0, 'the crash came before anything was acknowledged');
          await assertSurvived(shelf.storage, acknowledged);
        }),
    },
    {
      law: 'ST19',
      sentence: 'rejects with storage-damaged where stored bytes are not what was written',
      needs: 'damage',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const updates = [0, 1, 2].map((number) => pattern(number, 500));
          await shelf.append(...updates.map((update) => ({ document: 'a', update })), write('b', 1));
          const reading = async (): Promise<void> => {
            await shelf.reopen(() => fixture.damage?.(shelf.place, 'a', 1));
            await shelf.load('a');
          };
          await rejectsWith('storage-damaged', reading());
        }),
    },
    {
      law: 'ST22',
      sentence:
        'gives what comes before a damaged end, where it calls that storage-torn, and takes a snapshot in its place',
      needs: 'damage',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const updates = [0, 1, 2].map((number) => pattern(number, 500));
          const only = { document: 'only', update: pattern(3, 500) };
          await shelf.append(...updates.map((update) => ({ document: 'a', update })), only, write('b', 1));
          const loaded: Uint8Array[] = [];
          const reading = async (): Promise<void> => {
            await shelf.reopen(() => fixture.damage?.(shelf.place, 'a', 2));
            for await (const update of shelf.storage.load('a')) loaded.push(update);
          };
          const code = await codeOf(shelf.soon('a refusal', reading()));
          assert.ok(code === 'storage-torn' || code === 'storage-damaged', `not ${code}`);
          // A storage that does not tell the two apart may refuse all of it.
          if (code === 'storage-damaged') return;
          assert.equal(loaded.length, 2, 'all that is good is given first');
          for (const [n, update] of loaded.entries()) assertSameBytes(update, pattern(n, 500), `update ${n}`);
          await shelf.reopen(() => fixture.damage?.(shelf.place, 'only', 0));
          await rejectsWith('storage-damaged', shelf.load('only'));
          await shelf.compact('a', Uint8Array.of(9));
          await shelf.append(write('a', 10));
          await shelf.reopen();
          await shelf.expect('a', [9, 10]);
          await shelf.expect('b', [1]);
        }),
    },
  ];
}
