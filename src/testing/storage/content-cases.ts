import assert from 'node:assert/strict';
import { assertSameBytes, pattern } from '../bytes.ts';
import type { Case } from '../case.ts';
import { seededRandom } from '../random.ts';
import { collect, onShelf, type Shelf, type StorageFixture, type StoragePlace, write } from './fixture.ts';

const MIB = 1024 * 1024;

/** Names that a storage may stumble over; those that begin with another one most of all. */
const NAMES: readonly string[] = [
  'a',
  'a\0',
  'a\0\0\0\0\0\0\0\0',
  'a\0\0\0\0\0\0\0\x01',
  'ab',
  'A',
  '.',
  '..',
  '/',
  './FUMO/../x',
  'C:\\x\n\t"\'%00*?',
  ' ',
  '\uFEFFmark',
  'é',
  'e\u0301',
  '\u{10FFFF}\uFFFF\u{1F600}',
  '__proto__',
  'x'.repeat(199),
  'x'.repeat(200),
  '\u{1F600}'.repeat(50),
];

/** What is no name: nothing, what is longer than 200 bytes of UTF-8, and what UTF-8 cannot say. */
const NO_NAMES: readonly string[] = ['', 'x'.repeat(201), 'é'.repeat(101), 'a\uD83D', '\uDE00'];

/** The laws about what is stored: names, order, sizes, snapshots. */
export function contentCases<Place extends StoragePlace>(): readonly Case<StorageFixture<Place>>[] {
  return [
    {
      law: 'ST1',
      sentence: 'names all documents that hold anything, each once',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          assert.deepEqual(await shelf.documents(), []);
          await shelf.append(write('b', 1), write('a', 1), write('a', 2));
          await shelf.compact('c', Uint8Array.of(1));
          assert.deepEqual(await shelf.documents(), ['a', 'b', 'c']);
          await shelf.reopen();
          assert.deepEqual(await shelf.documents(), ['a', 'b', 'c']);
        }),
    },
    {
      law: 'ST2',
      sentence: 'keeps documents apart whatever their names are, up to 200 bytes of UTF-8',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          await shelf.append(...NAMES.map((name, number) => write(name, number)));
          await shelf.append(...NAMES.map((name, number) => write(name, number + 100)));
          await shelf.reopen();
          assert.deepEqual(await shelf.documents(), [...NAMES].sort());
          for (const [number, name] of NAMES.entries()) await shelf.expect(name, [number, number + 100]);
        }),
    },
    {
      law: 'ST3',
      sentence: 'loads updates in the order in which they were appended, and none of an unknown document',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const numbers = Array.from({ length: 250 }, (_, number) => number);
          for (const number of numbers) await shelf.append(write('a', number));
          await shelf.expect('a', numbers);
          await shelf.expect('b', []);
          await shelf.reopen();
          await shelf.append(write('a', 250));
          await shelf.expect('a', [...numbers, 250]);
        }),
    },
    {
      law: 'ST4',
      sentence: 'gives the caller arrays of its own',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const update = Buffer.from([1, 2, 3]);
          await shelf.append({ document: 'a', update });
          await shelf.compact('b', update);
          update.fill(9);
          for (const document of ['a', 'b', 'a', 'b']) {
            const [loaded = new Uint8Array()] = await shelf.load(document);
            assertSameBytes(loaded, Uint8Array.of(1, 2, 3), `"${document}"`);
            loaded.fill(8);
          }
        }),
    },
    {
      law: 'ST5',
      sentence: 'keeps updates of every size, 0 bytes included',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const sizes = [0, 1, 100, 4095, 4096, 4097, 65_536, MIB + 1, 0];
          await shelf.append(...sizes.map((size, n) => ({ document: 'a', update: pattern(n, size) })));
          await shelf.append();
          await shelf.reopen();
          const loaded = await shelf.load('a');
          assert.equal(loaded.length, sizes.length);
          for (const [n, size] of sizes.entries()) {
            assertSameBytes(loaded[n] ?? Buffer.of(), pattern(n, size), `update ${n}`);
          }
        }),
    },
    {
      law: 'ST6',
      sentence: 'keeps very large updates and snapshots',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const size = fixture.maxUpdateBytes ?? 64 * MIB;
          await shelf.append({ document: 'a', update: pattern(1, size) });
          await shelf.compact('a', pattern(2, size));
          await shelf.append(write('a', 3));
          await shelf.reopen();
          const [snapshot = Buffer.of(), after = Buffer.of()] = await shelf.load('a');
          assertSameBytes(snapshot, pattern(2, size), 'the snapshot');
          assertSameBytes(after, write('a', 3).update, 'the update after it');
        }),
    },
    {
      law: 'ST7',
      sentence: 'appends the writes of one call in the order given, over several documents',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          await shelf.append(write('a', 1), write('b', 2), write('a', 3), write('b', 4), write('a', 5));
          await shelf.expect('a', [1, 3, 5]);
          await shelf.expect('b', [2, 4]);
        }),
    },
    {
      law: 'ST8',
      sentence: 'lets calls take effect in their order, without waiting for each other',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const numbers = Array.from({ length: 100 }, (_, number) => number);
          const appends = numbers.map((number) => shelf.append(write('a', number), write('b', number)));
          await Promise.all(appends);
          await shelf.expect('a', numbers);
          await shelf.expect('b', numbers);
        }),
    },
    {
      law: 'ST9',
      sentence: 'has no more to do with the arrays of a call once that has resolved',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const updates = Array.from({ length: 50 }, (_, number) => pattern(number, 10_000));
          await Promise.all(updates.map((update) => shelf.append({ document: 'a', update })));
          for (const update of updates) update.fill(0xee);
          const loaded = await shelf.load('a');
          assert.equal(loaded.length, updates.length);
          for (const [n, update] of loaded.entries())
            assertSameBytes(update, pattern(n, 10_000), `update ${n}`);
        }),
    },
    {
      law: 'ST10',
      sentence: 'replaces by a snapshot all that earlier calls appended, and nothing that later ones append',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          await shelf.append(write('a', 1), write('b', 1));
          await Promise.all([
            shelf.append(write('a', 2)),
            shelf.compact('a', Uint8Array.of(100)),
            shelf.append(write('a', 3)),
            shelf.append(write('a', 4)),
          ]);
          await shelf.expect('a', [100, 3, 4]);
          await shelf.expect('b', [1]);
          await shelf.reopen();
          await shelf.append(write('a', 5));
          await shelf.expect('a', [100, 3, 4, 5]);
        }),
    },
    {
      law: 'ST21',
      sentence: 'takes snapshots and other updates in one call, in the order given',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          await shelf.append(write('a', 1), write('b', 1), write('c', 1));
          await shelf.append(
            write('a', 2),
            { ...write('a', 3), isSnapshot: true },
            write('b', 4),
            write('a', 5),
            { ...write('c', 6), isSnapshot: true },
            { ...write('c', 7), isSnapshot: true },
            { ...write('d', 8), isSnapshot: true },
          );
          await shelf.reopen();
          await shelf.expect('a', [3, 5]);
          await shelf.expect('b', [1, 4]);
          await shelf.expect('c', [7]);
          await shelf.expect('d', [8]);
        }),
    },
    {
      law: 'ST11',
      sentence: 'shows a load under way either all that was before a compaction or the snapshot',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const before = Array.from({ length: 40 }, (_, number) => pattern(number, 20_000));
          await shelf.append(...before.map((update) => ({ document: 'a', update })));
          const loading = shelf.storage.load('a')[Symbol.asyncIterator]();
          const first = await shelf.soon('an update', loading.next());
          await shelf.compact('a', Uint8Array.of(200));
          const rest = await shelf.soon('the rest', collect({ [Symbol.asyncIterator]: () => loading }));
          assertOneState([first.done ? Buffer.of() : first.value, ...rest], before);
        }),
    },
    {
      law: 'ST12',
      sentence: 'forgets a removed document, and nothing else',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          await shelf.append(write('a', 1), write('b', 1), write('ab', 1));
          const removal = shelf.storage.remove('a');
          const later = shelf.append(write('c', 1));
          await shelf.soon('a removal', Promise.all([removal, later, shelf.storage.remove('unknown')]));
          await shelf.expect('a', []);
          await shelf.reopen();
          assert.deepEqual(await shelf.documents(), ['ab', 'b', 'c']);
          await shelf.append(write('a', 7));
          await shelf.expect('a', [7]);
        }),
    },
    {
      law: 'ST13',
      sentence: 'agrees with a plain list after a random course of calls and reopenings (seeded)',
      run: (fixture) => onShelf(fixture, (shelf) => randomCourse(shelf, seededRandom(1))),
    },
    {
      law: 'ST20',
      sentence: 'rejects with RangeError what is no name of a document, and stores nothing of that call',
      run: (fixture) =>
        onShelf(fixture, async (shelf) => {
          const { storage } = shelf;
          for (const name of NO_NAMES) {
            const calls: readonly (() => Promise<unknown>)[] = [
              () => storage.append([write('a', 1), write(name, 1)]),
              () => storage.append([{ document: name, update: Uint8Array.of(1), isSnapshot: true }]),
              () => storage.remove(name),
              () => collect(storage.load(name)),
            ];
            for (const call of calls) await assert.rejects(shelf.soon('a refusal', call()), RangeError);
          }
          assert.deepEqual(await shelf.documents(), []);
        }),
    },
  ];
}

function assertOneState(loaded: readonly Uint8Array[], before: readonly Uint8Array[]): void {
  if (loaded.length === 1) {
    assertSameBytes(loaded[0] ?? Buffer.of(), Uint8Array.of(200), 'the snapshot');
    return;
  }
  assert.equal(loaded.length, before.length, 'neither what was before nor the snapshot');
  for (const [n, update] of loaded.entries())
    assertSameBytes(update, before[n] ?? Buffer.of(), `update ${n}`);
}

async function randomCourse(shelf: Shelf, random: () => number): Promise<void> {
  const model = new Map<string, number[]>();
  const pick = (): string => ['a', 'b', 'c', 'd'][Math.floor(random() * 4)] ?? 'a';
  for (let step = 0; step < 300; step++) {
    const document = pick();
    const number = step % 256;
    const dice = random();
    if (dice < 0.75) {
      const other = pick();
      model.set(document, [...(model.get(document) ?? []), number]);
      model.set(other, [...(model.get(other) ?? []), number]);
      await shelf.append(write(document, number), write(other, number));
    } else if (dice < 0.88) {
      model.set(document, [number]);
      await shelf.compact(document, Uint8Array.of(number));
    } else if (dice < 0.95) {
      model.delete(document);
      await shelf.soon('a removal', shelf.storage.remove(document));
    } else {
      await shelf.reopen();
    }
  }
  assert.deepEqual(await shelf.documents(), [...model.keys()].sort());
  for (const [document, numbers] of model) await shelf.expect(document, numbers);
}
