/** Who may import whom, as CONTRIBUTING.md says. A unit is a folder, or the few files that are the contracts. */
import { dirname } from 'node:path';
import { importsOf, type Source } from './sources.ts';

const contracts = ['src/errors.ts', 'src/transport.ts', 'src/storage.ts'];

/** By path: what a unit of src/ may import besides itself. */
const table: Readonly<Record<string, readonly string[]>> = {
  contracts: [],
  'src/encode.ts': [],
  'src/tree': ['contracts'],
  'src/replica': ['contracts', 'src/tree', 'src/encode.ts'],
  'src/wire': ['contracts', 'src/encode.ts'],
  'src/sync': ['contracts', 'src/replica', 'src/wire'],
  'src/vm': ['contracts', 'src/tree', 'src/replica', 'src/wire', 'src/sync'],
  'src/index.ts': ['contracts', 'src/tree', 'src/replica', 'src/sync', 'src/vm'],
  'src/testing': ['contracts', 'src/tree', 'src/replica'],
  'src/cli': [],
};

/** The core runs in a browser, and touches neither time nor chance nor the world by itself. */
const core = ['contracts', 'src/encode.ts', 'src/tree', 'src/replica', 'src/wire', 'src/sync'];
const worldly =
  /\b(Buffer|process|console|setTimeout|setInterval|setImmediate|performance|crypto|fetch)\s*[.(]|\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)/;

/** The shell has time and chance from its world, so that a simulator can hand it another. */
const world = ['src/vm/world.ts', 'src/vm/random.ts'];
const temporal =
  /\b(setTimeout|setInterval|setImmediate|performance)\s*[.(]|\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)/;

/** The sentences of the architecture that these files break. */
export function brokenRules(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => /^(src|adapters|bench|examples)\/.*\.ts$/.test(path))
    .flatMap(problemsOf);
}

function problemsOf(source: Source): string[] {
  const unit = unitOf(source.path);
  const problems = importsOf(source).flatMap((target) => importProblem(source.path, unit, target) ?? []);
  const foreign = core.includes(unit) ? worldly.exec(withoutComments(source.text)) : null;
  if (foreign !== null) problems.push(`the core has no ${foreign[0]}`);
  const isShell = unit === 'src/vm' && !world.includes(source.path);
  const clock = isShell ? temporal.exec(withoutComments(source.text)) : null;
  if (clock !== null) problems.push(`outside of its world src/vm has no ${clock[0]}`);
  return problems.map((problem) => `${source.path}: ${problem}`);
}

function importProblem(path: string, unit: string, target: string): string | undefined {
  if (/^(src|adapters|bench|examples|test|scripts)\//.test(target)) return pathProblem(path, unit, target);
  if (target === 'virmo-sync' || target.startsWith('virmo-sync/')) {
    return unit.startsWith('src/') && unit !== 'src/cli' ? `${target} by name from inside` : undefined;
  }
  if (core.includes(unit) && !/^(lib0|yjs|y-protocols)(\/|$)/.test(target))
    return `the core imports ${target}`;
  if (/^(yjs|y-protocols)(\/|$)/.test(target) && unit !== 'src/replica' && !unit.startsWith('bench')) {
    return `only src/replica imports ${target}`;
  }
  return undefined;
}

function pathProblem(path: string, unit: string, target: string): string | undefined {
  const other = unitOf(target);
  if (unit === other) return undefined;
  if (table[unit]?.includes(other)) return undefined;
  if (unit.startsWith('adapters/') && isShelf(other) && path.startsWith(`${other}/`)) return undefined;
  return `${unit} imports ${target}`;
}

/** A file's unit: an adapter's folder, a folder of src/, bench/ and examples/ as wholes. */
function unitOf(path: string): string {
  if (contracts.includes(path)) return 'contracts';
  const [top = '', second = ''] = path.split('/');
  if (top === 'src') return `${top}/${second}`;
  if (top !== 'adapters') return top;
  const folder = dirname(path);
  const own = /^adapters\/(dm\/mo|[a-z]+)\/[^/]+/.exec(folder);
  return own?.[0] ?? folder;
}

/** A folder of adapters of one kind: files that stand in it directly are shared by them. */
function isShelf(unit: string): boolean {
  return /^adapters\/(dm\/mo|[a-z]+)$/.test(unit);
}

/** The units that import each other in a circle, each circle once. */
export function circles(sources: readonly Source[]): string[] {
  const edges = new Map<string, Set<string>>();
  for (const source of sources.filter(({ path }) => /^(src|adapters)\/.*\.ts$/.test(path))) {
    const from = unitOf(source.path);
    const to = importsOf(source)
      .filter((target) => /^(src|adapters)\//.test(target))
      .map(unitOf);
    edges.set(from, new Set([...(edges.get(from) ?? []), ...to.filter((unit) => unit !== from)]));
  }
  return [...edges.keys()].filter((unit) => reaches(unit, unit, edges)).sort();
}

function reaches(from: string, goal: string, edges: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const seen = new Set<string>();
  const todo = [...(edges.get(from) ?? [])];
  for (let unit = todo.pop(); unit !== undefined; unit = todo.pop()) {
    if (unit === goal) return true;
    if (seen.has(unit)) continue;
    seen.add(unit);
    todo.push(...(edges.get(unit) ?? []));
  }
  return false;
}

function withoutComments(text: string): string {
  return text.replace(/^\s*(\/\*\*?|\*|\/\/).*$/gm, '');
}
