/** Scope rules: which part of a management object is shared, and who writes it (rule S1). */
import { kindOf, type Schema, type SchemaNode } from '../tree/schema.ts';
import { formatUri, parsePath } from '../tree/uri.ts';
import { isVmId } from './record.ts';

/** One rule: about the subtree at a schema position, `*` standing for any name. A rule by name goes before one with `*` in its place, one further down before one above. */
export interface ScopeRule {
  /** Relative to the management object's root, as './State' or './Accounts/*' + '/Secret'. */
  readonly path: string;
  readonly share: Share;
}

/** What a rule can say (rule S1). */
export type Share =
  /** Every VM writes it. */
  | 'shared'
  /** It never leaves a VM: each has its own. */
  | 'local'
  /** One VM writes it, the others read. */
  | { readonly from: string };

/** The rules that concern one node and what is below it. */
export class Scope {
  /** What a rule says of this very position. */
  share: Share | undefined;
  /** The VM that alone writes here; `undefined`: every VM does. */
  writer: string | undefined;
  /** Whether this VM may write here. */
  isWritable = true;
  readonly #below = new Map<string, Scope>();
  /** Below, where no rule says anything. */
  #rest: Scope | undefined;

  /** Whether the node, and so everything below it, stays in this VM. */
  get local(): boolean {
    return this.share === 'local';
  }

  /** Whether a VM may write here. */
  isWritableBy(vm: string): boolean {
    return this.writer === undefined || this.writer === vm;
  }

  /** The scope of a child by its schema; by its name at creation where the tree has none, or knows no such node of this kind (rule M6). */
  child(schema: SchemaNode | undefined, name: string, kind: 'interior' | 'leaf'): Scope {
    if (this.local) return this;
    const isUnknown = schema === undefined || (schema.name === undefined && kindOf(schema) !== kind);
    const key = isUnknown ? name : (schema.name ?? anyName);
    return this.#below.get(key) ?? this.#below.get(anyName) ?? this.#rest ?? everythingShared;
  }

  /** Adds a position below; used while compiling only. */
  descend(key: string): Scope {
    let scope = this.#below.get(key);
    if (scope === undefined) {
      scope = new Scope();
      this.#below.set(key, scope);
    }
    return scope;
  }

  /** What is said of any name holds for each name too that has rules of its own, as far as these are silent; used when compiled. */
  spread(): void {
    const any = this.#below.get(anyName);
    for (const [key, scope] of this.#below) {
      if (any !== undefined && key !== anyName) scope.#takeOver(any, key);
      scope.spread();
    }
  }

  /** Hands down who writes, told to the VM `vm`; used when compiled, from the root. */
  handDown(vm: string, above: Scope | undefined): void {
    this.#giveTo(this.share === undefined ? above?.writer : writerOf(this.share), vm);
    for (const scope of this.#below.values()) scope.handDown(vm, this);
    if (this.writer === undefined) return;
    const rest = new Scope();
    rest.#giveTo(this.writer, vm);
    rest.#rest = rest;
    this.#rest = rest;
  }

  #giveTo(writer: string | undefined, vm: string): void {
    this.writer = writer;
    this.isWritable = this.isWritableBy(vm);
  }

  #takeOver(from: Scope, name: string): void {
    this.share ??= from.share;
    if (this.local && this.#below.size > 0)
      throw new RangeError(`a scope rule lies below ${name}, which one for any name makes local`);
    for (const [key, scope] of from.#below) this.descend(key).#takeOver(scope, key);
  }
}

const anyName = '*';
const everythingShared = new Scope();

function writerOf(share: Share): string | undefined {
  return typeof share === 'object' ? share.from : undefined;
}

/** For whom rules are compiled. */
export interface ScopeOptions {
  /** The VM that asks what it may write. Default: one that no rule names. */
  readonly vm?: string;
  /** The whole tree is local. */
  readonly isLocal?: boolean;
}

/**
 * The scope of the root. Throws RangeError when a rule's path is no path or is the root, when it names what
 * cannot be a VM, when two rules contradict each other, or one lies below a local one.
 */
export function compileScope(
  rules: readonly ScopeRule[],
  { vm = '', isLocal = false }: ScopeOptions = {},
): Scope {
  const root = new Scope();
  if (isLocal) root.share = 'local';
  const parsed = rules.map((rule) => ({ ...rule, names: parsePath(rule.path) }));
  // Those above first, so that the order in which rules are given does not matter.
  for (const { path, names, share } of parsed.sort((a, b) => a.names.length - b.names.length)) {
    if (names.length === 0)
      throw new RangeError('a scope rule cannot be about the root of a management object');
    if (!isShare(share)) throw new RangeError(`the scope rule for ${path} says nothing that is known`);
    const writer = writerOf(share);
    if (writer !== undefined && !isVmId(writer))
      throw new RangeError(`the scope rule for ${path} names no VM: '${writer}'`);
    let scope = root;
    for (const name of names) {
      if (scope.local) throw new RangeError(`the scope rule for ${path} lies below one that is local`);
      scope = scope.descend(name);
    }
    if (scope.share !== undefined && !isSameShare(scope.share, share))
      throw new RangeError(`two scope rules for ${path} contradict each other`);
    scope.share = share;
  }
  root.spread();
  root.handDown(vm, undefined);
  return root;
}

function isSameShare(a: Share, b: Share): boolean {
  return typeof a === 'object' && typeof b === 'object' ? a.from === b.from : a === b;
}

/** Throws RangeError for a rule about a position that the schema does not have: a slip of the pen would share what is to stay. */
export function checkPositions(
  rules: readonly { readonly path: string }[],
  { root }: Schema,
  what = 'scope rule for',
): void {
  for (const { path } of rules) {
    let found: readonly SchemaNode[] = [root];
    for (const key of parsePath(path)) {
      const below = found.flatMap(({ children }) => children);
      found = key === anyName ? below : below.filter(({ name }) => name === key);
    }
    if (found.length === 0)
      throw new RangeError(`the ${what} ${path} is about nothing that the schema knows`);
  }
}

/** The canonical text of rules, equal for equal rules in any order. */
export function serialiseRules(rules: readonly ScopeRule[]): string {
  const lines = rules.map(({ path, share }) =>
    JSON.stringify([formatUri(parsePath(path)), typeof share === 'object' ? { from: share.from } : share]),
  );
  return `[${[...new Set(lines)].sort().join(',')}]`;
}

/** The rules of a text that `serialiseRules` wrote; throws RangeError for any other. */
export function parseRules(text: string): ScopeRule[] {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed)) throw new RangeError('not a list of scope rules');
  return parsed.map((rule: unknown) => {
    const [path, share] = Array.isArray(rule) ? rule : [];
    if (typeof path !== 'string' || !isShare(share)) throw new RangeError('not a scope rule');
    return { path, share };
  });
}

function isShare(value: unknown): value is Share {
  if (value === 'local' || value === 'shared') return true;
  return typeof value === 'object' && value !== null && 'from' in value && typeof value.from === 'string';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError('not a list of scope rules', { cause });
  }
}
