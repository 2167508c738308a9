/** Public names and their docstrings, read from sources as biome formats them. */
import { dirname, join, normalize } from 'node:path';
import type { Source } from './sources.ts';

/** The names that a module exports and nobody has said a word about, with the file where each is declared. */
export function undocumentedExports(entry: string, sources: readonly Source[]): string[] {
  const texts = new Map(sources.map(({ path, text }) => [path, text]));
  const undocumented: string[] = [];
  const todo: { readonly file: string; readonly names: ReadonlySet<string> | 'all' }[] = [
    { file: entry, names: 'all' },
  ];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { file, names } = next;
    const text = texts.get(file);
    if (text === undefined) throw new Error(`${file} is imported and not there`);
    for (const { name, documented } of declarations(text)) {
      if (!documented && (names === 'all' || names.has(name))) undocumented.push(`${file}: ${name}`);
    }
    for (const { names: passedOn, from } of reexports(text)) {
      const wanted = passedOn.filter((name) => names === 'all' || names.has(name));
      if (wanted.length > 0)
        todo.push({ file: normalize(join(dirname(file), from)), names: new Set(wanted) });
    }
  }
  return undocumented.sort();
}

/** A docstring ends on the line right above its declaration; one further up is the file's. A const and a type of one name share theirs. */
function declarations(text: string): { readonly name: string; readonly documented: boolean }[] {
  const found = [
    ...text.matchAll(
      /(\*\/\n)?^export (?:abstract |async )*(?:class|const|function\*?|interface|type) (\w+)/gm,
    ),
  ];
  const documented = new Set(
    found.filter(([, docstring]) => docstring !== undefined).map(([, , name]) => name),
  );
  const names = new Set(found.map(([, , name = '']) => name));
  return [...names].map((name) => ({ name, documented: documented.has(name) }));
}

function reexports(text: string): { readonly names: string[]; readonly from: string }[] {
  const found = text.matchAll(/^export (?:type )?\{([^}]*)\} from '(\.[^']+)';/gm);
  return [...found].map(([, list = '', from = '']) => ({
    names: list
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== ''),
    from,
  }));
}
