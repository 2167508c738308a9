/** Plain Yjs, as one would first think of it: one document that all write, one Y.Map from URI to a leaf's value and format. */
import * as Y from 'yjs';
import type { Company, FollowerReplica, HubReplica, ReplicaSystem, WriterReplica } from './system.ts';
import type { BenchTree } from './tree.ts';

type Node = { readonly format: 'node' } | { readonly format: 'chr'; readonly value: string };

/** Plain Yjs: the floor. */
export const yjs: ReplicaSystem = {
  hub(tree: BenchTree): HubReplica {
    const { doc, nodes, lastUpdate } = openDoc();
    doc.transact(() => {
      for (const uri of tree.interior) nodes.set(uri, { format: 'node' });
      for (const { uri, value } of tree.leaves) nodes.set(uri, { format: 'chr', value });
    });
    return {
      merge: (bytes) => {
        Y.applyUpdate(doc, bytes);
        return lastUpdate();
      },
      stored: () => Y.encodeStateAsUpdate(doc),
      asYjsUpdate: () => Y.encodeStateAsUpdate(doc),
    };
  },

  writer(stored: Uint8Array): WriterReplica {
    const { doc, nodes, lastUpdate } = openDoc(stored);
    return {
      replace: (uri, value) => {
        nodes.set(uri, { format: 'chr', value });
        return lastUpdate();
      },
      settle: (update) => Y.applyUpdate(doc, update),
    };
  },

  follower(stored: Uint8Array, listener: (value: string) => void): FollowerReplica {
    const { doc, nodes } = openDoc(stored);
    nodes.observe(({ keysChanged }) => {
      for (const key of keysChanged) {
        const node = nodes.get(String(key));
        if (node?.format === 'chr') listener(node.value);
      }
    });
    return { apply: (update) => Y.applyUpdate(doc, update) };
  },

  company: yjsCompany,

  open(stored: Uint8Array): object {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, stored);
    return doc;
  },
};

/** All write one map; there is nothing to be done at the end of a day. */
function yjsCompany(tree: BenchTree, members: number): Company {
  const hub = openDoc();
  hub.doc.transact(() => {
    for (const uri of tree.interior) hub.nodes.set(uri, { format: 'node' });
    for (const { uri, value } of tree.leaves) hub.nodes.set(uri, { format: 'chr', value });
  });
  const all = Array.from({ length: members }, () => openDoc(Y.encodeStateAsUpdate(hub.doc)));
  const present = new Set(all);
  const write = (member: number, change: (doc: OpenDoc) => void): void => {
    const writer = all[member];
    if (writer === undefined) throw new RangeError(`no member ${member}`);
    change(writer);
    for (const each of [hub, ...present]) if (each !== writer) Y.applyUpdate(each.doc, writer.lastUpdate());
  };
  return {
    add: (member, uri, value) => write(member, ({ nodes }) => nodes.set(uri, { format: 'chr', value })),
    delete: (member, uri) => write(member, ({ nodes }) => nodes.delete(uri)),
    leave: (member) => {
      const leaving = all[member];
      if (leaving !== undefined) present.delete(leaving);
    },
    join: (member) => {
      const joining = all[member];
      if (joining === undefined) throw new RangeError(`no member ${member}`);
      Y.applyUpdate(joining.doc, Y.encodeStateAsUpdate(hub.doc, Y.encodeStateVector(joining.doc)));
      present.add(joining);
    },
    endDay: () => undefined,
    document: () => Y.encodeStateAsUpdate(hub.doc),
  };
}

interface OpenDoc {
  readonly doc: Y.Doc;
  readonly nodes: Y.Map<Node>;
  readonly lastUpdate: () => Uint8Array;
}

function openDoc(stored?: Uint8Array): OpenDoc {
  const doc = new Y.Doc();
  const nodes = doc.getMap<Node>('nodes');
  if (stored !== undefined) Y.applyUpdate(doc, stored);
  let last: Uint8Array = new Uint8Array(0);
  doc.on('update', (update: Uint8Array) => {
    last = update;
  });
  return { doc, nodes, lastUpdate: () => last };
}
