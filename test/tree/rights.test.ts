import { describe, expect, it } from 'vitest';
import { spotOf } from '../../src/tree/commands/standing.ts';
import { mayWriteAcl } from '../../src/tree/commands/write-property.ts';
import { executeCommand } from '../../src/tree/execute.ts';
import { Forest } from '../../src/tree/forest.ts';
import { effectiveAcl, isAllowed, readAcl } from '../../src/tree/rights.ts';
import { Status } from '../../src/tree/status.ts';
import type { TreeNode } from '../../src/tree/tree.ts';
import { PlainTree } from './plain-tree.ts';

/** The tree of the specification's example, TND 1.2, section 8.3.7.1.6. */
function exampleForest(): Forest {
  const forest = new Forest(new PlainTree());
  const add = (target: string, isLeaf: boolean, acl: string) => {
    executeCommand({ type: 'Add', target, meta: { format: isLeaf ? 'chr' : 'node' } }, forest);
    executeCommand({ type: 'Replace', target: `${target}?prop=ACL`, data: acl }, forest);
  };
  add('./NodeA', false, 'Get=ServerC&Replace=ServerC');
  add('./NodeA/Node1', true, 'Get=*');
  add('./NodeB', false, 'Get=ServerA&Replace=ServerA');
  add('./NodeB/Node2', true, '');
  add('./NodeB/Node3', false, 'Get=ServerB&Replace=ServerB&Delete=ServerB');
  add('./NodeB/Node3/Node4', true, '');
  add('./NodeB/Node3/Node5', true, 'Get=ServerA&Replace=ServerA&Get=ServerB');
  return forest;
}

function at(forest: Forest, ...path: string[]): TreeNode {
  const node = forest.locate(path);
  if (node === undefined) throw new Error(`no ${path}`);
  return node;
}

const SERVERS = ['ServerA', 'ServerB', 'ServerC', 'ServerD'];

describe("the specification's example of ACLs", () => {
  const forest = exampleForest();
  const whoGets = (target: string) =>
    SERVERS.filter((server) => executeCommand({ type: 'Get', target }, forest, { server }).status === 200);
  const acl = (target: string) => executeCommand({ type: 'Get', target: `${target}?prop=ACL` }, forest);

  it('lets any server Get the value of NodeA/Node1, but only ServerC change its ACL in one operation', () => {
    expect(whoGets('./NodeA/Node1')).toEqual(SERVERS);
    const node1 = at(forest, 'NodeA', 'Node1');
    expect(SERVERS.filter((server) => mayWriteAcl(spotOf(forest, node1), server))).toEqual(['ServerC']);
  });

  it('lets no server Delete NodeA/Node1 or Replace its value', () => {
    const node1 = at(forest, 'NodeA', 'Node1');
    for (const server of SERVERS) {
      expect(isAllowed(forest, node1, 'Delete', server)).toBe(false);
      expect(isAllowed(forest, node1, 'Replace', server)).toBe(false);
    }
  });

  it('shows the ACL that a node has itself, and none where it inherits', () => {
    expect(acl('./NodeA/Node1').results?.[0]?.data).toBe('Get=*');
    expect(acl('./NodeB/Node3/Node4')).toMatchObject({ status: Status.Ok, results: [{ data: '' }] });
    expect(acl('.').results?.[0]?.data).toBe('Add=*&Get=*');
  });

  it('lets ServerA Replace NodeB/Node3/Node5', () => {
    const target = './NodeB/Node3/Node5';
    expect(
      executeCommand({ type: 'Replace', target, data: 'new' }, forest, { server: 'ServerA' }).status,
    ).toBe(Status.Ok);
    expect(whoGets(target)).toEqual(['ServerA', 'ServerB']);
  });

  it('inherits the whole ACL of the nearest ancestor that has one, never single commands', () => {
    expect(effectiveAcl(forest, at(forest, 'NodeB', 'Node3', 'Node4'))).toBe(
      'Delete=ServerB&Get=ServerB&Replace=ServerB',
    );
    expect(effectiveAcl(forest, at(forest, 'NodeB', 'Node2'))).toBe('Get=ServerA&Replace=ServerA');
    // NodeA grants no Add, and the root's Add=* does not reach below it.
    expect(isAllowed(forest, at(forest, 'NodeA'), 'Add', 'ServerC')).toBe(false);
    expect(isAllowed(forest, forest.root, 'Add', 'anybody')).toBe(true);
  });
});

describe('changing an ACL', () => {
  const forest = exampleForest();

  it('of an interior node takes Replace at the node or at its parent', () => {
    const node3 = at(forest, 'NodeB', 'Node3');
    const may = SERVERS.filter((server) => mayWriteAcl(spotOf(forest, node3), server));
    expect(may).toEqual(['ServerA', 'ServerB']);
  });

  it('of a leaf takes Replace at its parent, whatever the leaf grants', () => {
    const node5 = at(forest, 'NodeB', 'Node3', 'Node5');
    expect(SERVERS.filter((server) => mayWriteAcl(spotOf(forest, node5), server))).toEqual(['ServerB']);
  });

  it('of the root takes Replace at the root', () => {
    expect(mayWriteAcl(spotOf(forest, forest.root), 'ServerA')).toBe(false);
  });

  it('[P2] is always open to the device itself', () => {
    expect(mayWriteAcl(spotOf(forest, at(forest, 'NodeA', 'Node1')), undefined)).toBe(true);
    expect(isAllowed(forest, at(forest, 'NodeA', 'Node1'), 'Delete', undefined)).toBe(true);
  });
});

describe('a stored ACL', () => {
  it('that is damaged grants nothing', () => {
    expect(readAcl('Get=*&nonsense').size).toBe(0);
  });

  it('is read right however many others were read before', () => {
    for (let count = 0; count < 1000; count++) readAcl(`Get=server-${count}`);
    expect(readAcl('Get=server-0').get('Get')).toEqual(new Set(['server-0']));
    expect(readAcl('Get=server-999').get('Get')).toEqual(new Set(['server-999']));
  });
});
