/** Run-time properties of nodes, as a Get shows them (TND 1.2, section 8.3). */
import { ROOT_ACL } from '../acl.ts';
import type { Forest } from '../forest.ts';
import { formatTimestamp } from '../timestamp.ts';
import type { TreeNode } from '../tree.ts';
import { sizeOf } from '../value.ts';

/** The properties of nodes, all of which are supported (TND 1.2, section 8.3). */
export type PropertyName = 'ACL' | 'Format' | 'Name' | 'Size' | 'Title' | 'TStamp' | 'Type' | 'VerNo';

/** Whether the word names a property. The case of its letters matters. */
export function isPropertyName(word: string): word is PropertyName {
  return PROPERTY_NAMES.has(word);
}

/**
 * The property's value as text; `undefined` for the one that a node may lack: an interior node has no Size (8.3.2). The ACL is
 * the node's own, '' where it inherits (8.3.7.1.1); only the root always has one.
 */
export function readProperty(forest: Forest, node: TreeNode, property: PropertyName): string | undefined {
  switch (property) {
    case 'ACL':
      return node.acl === '' && node === forest.root ? ROOT_ACL : node.acl;
    case 'Format':
      return node.value?.format ?? 'node';
    case 'Name':
      return forest.nameOf(node);
    case 'Size':
      return node.value === undefined ? undefined : String(sizeOf(node.value.data));
    case 'Title':
      return node.title;
    case 'TStamp':
      return formatTimestamp(node.timestamp);
    case 'Type':
      return node.type;
    case 'VerNo':
      return String(node.verNo);
  }
}

const PROPERTY_NAMES: ReadonlySet<string> = new Set<PropertyName>([
  'ACL',
  'Format',
  'Name',
  'Size',
  'Title',
  'TStamp',
  'Type',
  'VerNo',
]);
