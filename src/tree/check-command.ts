/** What the types of commands say, for callers whom no compiler checks. */
import { MAX_NESTING } from './atomic.ts';
import type { Command } from './command.ts';
import type { Subtree } from './subtree.ts';

/** Throws a TypeError that names the type, or the place, where a command or subtree is none that the types allow. */
export function checkCommand(command: Command): void {
  let level: readonly Command[] = [command];
  // What is nested deeper is refused unseen.
  for (let depth = 0; depth <= MAX_NESTING && level.length > 0; depth++) {
    level = level.flatMap(commandsInside);
  }
}

function commandsInside(command: Command): readonly Command[] {
  switch (command.type) {
    case 'Atomic':
    case 'Sequence':
      return command.commands;
    case 'Add':
    case 'Replace':
      if (command.subtree === undefined) return [];
      if (command.data !== undefined) throw new TypeError(`Data beside a subtree: ${command.target}`);
      checkSubtree(command.subtree, command.target);
      return [];
    case 'Copy':
    case 'Delete':
    case 'Exec':
    case 'Get':
      return [];
  }
  throw new TypeError(`not a type of command: '${wordOf(command, 'type')}'`);
}

function checkSubtree(first: Subtree, target: string): void {
  const nodes = [first];
  // The list grows while it is walked: a queue.
  for (const node of nodes) for (const child of childrenOf(node, target)) nodes.push(child);
}

function childrenOf(node: Subtree, target: string): readonly Subtree[] {
  switch (node.kind) {
    case 'interior':
      return node.children;
    case 'leaf':
    case 'unstated':
      if (!('children' in node)) return [];
      throw new TypeError(`in the subtree for ${target}: '${wordOf(node, 'name')}' is a leaf with children`);
  }
  throw new TypeError(`in the subtree for ${target}: not a kind of node: '${wordOf(node, 'kind')}'`);
}

function wordOf(thing: object, key: string): string {
  return String(Object.entries(thing).find(([name]) => name === key)?.[1]);
}
