import { describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { undocumentedExports } from './architecture/docstrings.ts';
import { brokenRules, circles } from './architecture/import-rules.ts';
import { repositorySources, type Source } from './architecture/sources.ts';
import { unwantedWords } from './architecture/words.ts';

const sources = repositorySources();

describe('the architecture', () => {
  it('keeps the import table', () => {
    expect(brokenRules(sources)).toEqual([]);
  });

  it('has no circles of imports between folders', () => {
    expect(circles(sources)).toEqual([]);
  });

  it.each(entries())('documents every name that %s exports', (_, file) => {
    expect(undocumentedExports(file, sources)).toEqual([]);
  });

  it('names no path of a machine and leaves no work for later', () => {
    expect(unwantedWords(sources)).toEqual([]);
  });
});

describe('the architecture test', () => {
  it.each([
    [
      'src/tree/acl.ts',
      "import { Replica } from '../replica/replica.ts';",
      'src/tree imports src/replica/replica.ts',
    ],
    [
      'src/replica/hub.ts',
      "import {\n  a,\n  b,\n} from '../wire/frame.ts';",
      'src/replica imports src/wire/frame.ts',
    ],
    ['src/wire/frame.ts', "export { a } from '../tree/uri.ts';", 'src/wire imports src/tree/uri.ts'],
    ['src/errors.ts', "import type { Tree } from './tree/tree.ts';", 'contracts imports src/tree/tree.ts'],
    ['src/sync/port.ts', "import * as Y from 'yjs';", 'only src/replica imports yjs'],
    ['adapters/dm/ddf/read.ts', "import 'y-protocols/sync';", 'only src/replica imports y-protocols/sync'],
    ['src/tree/uri.ts', "import { isIP } from 'node:net';", 'the core imports node:net'],
    ['src/replica/stamp.ts', 'const ms = Date.now();', 'the core has no Date.now'],
    ['src/wire/frame.ts', 'const bytes = Buffer.from(text);', 'the core has no Buffer.'],
    ['src/vm/turn.ts', 'setImmediate(work);', 'outside of its world src/vm has no setImmediate('],
    ['src/cli/tree.ts', "import { Vm } from '../vm/vm.ts';", 'src/cli imports src/vm/vm.ts'],
    [
      'adapters/storage/lmdb/index.ts',
      "import { Storage } from '../../../src/storage.ts';",
      'adapters/storage/lmdb imports src/storage.ts',
    ],
    [
      'adapters/storage/lmdb/index.ts',
      "await import('../memory/index.ts');",
      'adapters/storage/lmdb imports adapters/storage/memory/index.ts',
    ],
    ['bench/main.ts', "import { openVm } from '../src/index.ts';", 'bench imports src/index.ts'],
    ['src/vm/vm.ts', "import { parseDdf } from 'virmo-sync/ddf';", 'virmo-sync/ddf by name from inside'],
  ])('finds what is wrong in %s: %s', (path, text, problem) => {
    expect(brokenRules([{ path, text }])).toEqual([`${path}: ${problem}`]);
  });

  it('lets adapters share files of their shelf, and speak of time in comments', () => {
    const shelf = {
      path: 'adapters/transport/memory/index.ts',
      text: "import { Queue } from '../queue.ts';",
    };
    const comment = { path: 'src/tree/uri.ts', text: '// unlike Date.now()\n/** Buffer.from */' };
    expect(brokenRules([shelf, comment])).toEqual([]);
  });

  it('finds a circle', () => {
    const there: Source = { path: 'src/tree/a.ts', text: "import { b } from '../wire/b.ts';" };
    const back: Source = { path: 'src/wire/b.ts', text: "import { a } from '../tree/a.ts';" };
    expect(circles([there, back])).toEqual(['src/tree', 'src/wire']);
  });

  it('finds an export without a docstring, through re-exports', () => {
    const index: Source = {
      path: 'src/index.ts',
      text: "export { type A, b } from './a.ts';\nexport type { C } from './a.ts';\n",
    };
    const text =
      '/** The file. */\n\nexport type C = A;\n/** Said. */\nexport interface A {}\n\nexport const b: number = 1;\nexport const hidden = 2;\n';
    expect(undocumentedExports('src/index.ts', [index, { path: 'src/a.ts', text }])).toEqual([
      'src/a.ts: C',
      'src/a.ts: b',
    ]);
  });

  it('finds a path of a machine, and work left for later', () => {
    const text = ['fine', `read ${'/home'}/ann/notes`, `// ${'TO'}${'DO'}: later`].join('\n');
    expect(unwantedWords([{ path: 'src/a.ts', text }])).toEqual([
      `src/a.ts:2: ${'/home'}/ann/`,
      `src/a.ts:3: ${'TO'}${'DO'}`,
    ]);
  });
});

/** The package's subpaths with the sources behind them. */
function entries(): [string, string][] {
  return Object.entries(packageJson.exports).flatMap(([subpath, target]) =>
    typeof target === 'string' ? [] : [[subpath, target['virmo-source'].slice(2)] as [string, string]],
  );
}
