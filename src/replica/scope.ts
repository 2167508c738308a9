/** Scope rules: which part of a management object is shared (rule S1). */
import type { Schema, SchemaNode } from '../tree/schema.ts';
import { formatUri, parsePath } from '../tree/uri.ts';

/** One rule: the subtree at a schema position, `*` standing for any name, is shared or stays in each VM. A rule by name goes before one with `*` in its place. */
export interface ScopeRule {
  /** Relative to the management object's root, as './State' or './Accounts/*' + '/Secret'. */
  readonly path: string;
  readonly share: 'shared' | 'local';
}

/** The rules that concern one node and what is below it. */
export class Scope {
  /** What a rule says of this very position. */
  share: ScopeRule['share'] | undefined;
  readonly #below = new Map<string, Scope>();

  /** Whether the node, and so everything below it, stays in this VM. */
  get local(): boolean {
    return this.share === 'local';
  }

  /** The scope of a child by its schema, or by its name at creation in a tree without one. */
  child(schema: SchemaNode | undefined, name: string): Scope {
    if (this.local) return this;
    const key = schema === undefined ? name : (schema.name ?? anyName);
    return this.#below.get(key) ?? this.#below.get(anyName) ?? everythingShared;
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

  #takeOver(from: Scope, name: string): void {
    this.share ??= from.share;
    if (this.local && this.#below.size > 0)
      throw new RangeError(`a scope rule lies below ${name}, which one for any name makes local`);
    for (const [key, scope] of from.#below) this.descend(key).#takeOver(scope, key);
  }
}

const anyName = '*';
const everythingShared = new Scope();

/**
 * The scope of the root; `isLocal`: of a tree that is local altogether. Throws RangeError when a rule's path is no path or is the root, when two rules contradict each
 * other, or one lies below a local one.
 */
export function compileScope(rules: readonly ScopeRule[], isLocal = false): Scope {
  const root = new Scope();
  if (isLocal) root.share = 'local';
  const parsed = rules.map((rule) => ({ ...rule, names: parsePath(rule.path) }));
  // Those above first, so that the order in which rules are given does not matter.
  for (const { path, names, share } of parsed.sort((a, b) => a.names.length - b.names.length)) {
    if (names.length === 0)
      throw new RangeError('a scope rule cannot be about the root of a management object');
    let scope = root;
    for (const name of names) {
      if (scope.local) throw new RangeError(`the scope rule for ${path} lies below one that is local`);
      scope = scope.descend(name);
    }
    if (scope.share !== undefined && scope.share !== share)
      throw new RangeError(`two scope rules for ${path} contradict each other`);
    scope.share = share;
  }
  root.spread();
  return root;
}

/** Throws RangeError for a rule about a position that the schema does not have: a slip of the pen would share what is to stay. */
export function checkPositions(rules: readonly ScopeRule[], { root }: Schema): void {
  for (const { path } of rules) {
    let found: readonly SchemaNode[] = [root];
    for (const key of parsePath(path)) {
      const below = found.flatMap(({ children }) => children);
      found = key === anyName ? below : below.filter(({ name }) => name === key);
    }
    if (found.length === 0)
      throw new RangeError(`the scope rule for ${path} is about nothing that the schema knows`);
  }
}

/** The canonical text of rules, equal for equal rules in any order. */
export function serialiseRules(rules: readonly ScopeRule[]): string {
  const lines = rules.map(({ path, share }) => JSON.stringify([formatUri(parsePath(path)), share]));
  return `[${[...new Set(lines)].sort().join(',')}]`;
}

/** The rules of a text that `serialiseRules` wrote; throws RangeError for any other. */
export function parseRules(text: string): ScopeRule[] {
  const parsed = parseJson(text);
  if (!Array.isArray(parsed)) throw new RangeError('not a list of scope rules');
  return parsed.map((rule: unknown) => {
    const [path, share] = Array.isArray(rule) ? rule : [];
    if (typeof path !== 'string' || (share !== 'local' && share !== 'shared'))
      throw new RangeError('not a scope rule');
    return { path, share };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError('not a list of scope rules', { cause });
  }
}
