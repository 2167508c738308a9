/** What became of an acknowledged write (rule M8): whether the tree shows it, whether a conflict note tells of it. */
import type { MoNode } from '../../src/replica/mo-node.ts';
import type { LogRecord } from '../../src/replica/record.ts';
import { compareStamps } from '../../src/replica/stamp.ts';

/** Whether the tree at the end, parked nodes included, shows the write. */
export function isPresent({ stamp, content }: LogRecord, node: MoNode | undefined): boolean {
  switch (content.kind) {
    case 'add':
      return isThere(node);
    case 'delete':
      // What a later schema requires is there, whoever deleted it (rule I3).
      return node === undefined || !node.alive || node.required || isAddedSince(node, stamp);
    case 'value':
    case 'name':
    case 'acl':
    case 'title':
    case 'type': {
      const shown = isThere(node) ? node?.registers[content.kind]?.winner?.content : undefined;
      return shown !== undefined && textOf({ content: shown }) === textOf({ content });
    }
    default:
      return true;
  }
}

/** A node may count as alive below one that is not: it builds on an Add further up. */
function isThere(node: MoNode | undefined): boolean {
  for (let at = node; at !== undefined; at = at.parentNode) if (!at.alive) return false;
  return node !== undefined;
}

function isAddedSince({ greatestAdd }: MoNode, stamp: LogRecord['stamp']): boolean {
  return greatestAdd !== undefined && compareStamps(greatestAdd.stamp, stamp) >= 0;
}

/** Of a node whose Add is lost nothing else is told. */
export function reports({ node, content }: LogRecord, record: LogRecord | undefined): boolean {
  if (content.kind !== 'conflict' || record === undefined) return false;
  const { lost } = content;
  const isThis =
    node === record.node &&
    lost.content.kind === record.content.kind &&
    compareStamps(lost.stamp, record.stamp) === 0;
  const isItsAdd =
    lost.content.kind === 'add' &&
    node === record.base?.node &&
    compareStamps(lost.stamp, record.base.stamp) === 0;
  return isThis || isItsAdd;
}

const texts = new WeakMap<object, string>();

/** The content as text; the same record is asked for often. */
export function textOf(record: Pick<LogRecord, 'content'> | undefined): string {
  if (record === undefined) return '';
  const { content } = record;
  const text = texts.get(content) ?? JSON.stringify(content);
  texts.set(content, text);
  return text;
}

/** The node and all above it, by their ids. */
export function chainOf(node: MoNode): string[] {
  const chain: string[] = [];
  for (let at: MoNode | undefined = node; at !== undefined; at = at.parentNode) chain.push(at.id);
  return chain;
}

/** The write id as one text. */
export function keyOf({ stamp, life, seq }: LogRecord): string {
  return `${stamp.vm} ${life} ${seq}`;
}
