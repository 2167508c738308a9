/** A forest to carry commands out in: one management object mounted at ./M, and the VM's own nodes. */
import type { Command, Outcome } from '../../../src/tree/command.ts';
import { executeCommand } from '../../../src/tree/execute.ts';
import { Forest } from '../../../src/tree/forest.ts';
import type { Schema } from '../../../src/tree/schema.ts';
import { Status } from '../../../src/tree/status.ts';
import type { TreeNode } from '../../../src/tree/tree.ts';
import type { UriLimits } from '../../../src/tree/uri.ts';
import { type Dump, PlainTree } from '../plain-tree.ts';
import { SAMPLE } from '../schemas.ts';

export class World {
  readonly local: PlainTree = new PlainTree();
  readonly mo: PlainTree;
  readonly forest: Forest = new Forest(this.local);

  /** All servers may do everything, unless an ACL is given for the root. */
  constructor(rootAcl = 'Add=*&Delete=*&Exec=*&Get=*&Replace=*', schema: Schema = SAMPLE) {
    this.mo = new PlainTree(schema.root);
    this.forest.mount('./M', this.mo);
    this.local.root.acl = rootAcl;
  }

  /** As the server 's'. */
  byServer(command: Command, limits?: UriLimits): Outcome {
    return executeCommand(command, this.forest, { server: 's' }, limits === undefined ? {} : { limits });
  }

  byDevice(command: Command): Outcome {
    return executeCommand(command, this.forest);
  }

  /** The device adds what a test needs; it must succeed. */
  have(target: string, format: 'node' | 'chr' | 'int' | 'bin' = 'chr', data?: string | Uint8Array): void {
    const command = { type: 'Add', target, meta: { format } } as const;
    const { status } = this.byDevice(data === undefined ? command : { ...command, data });
    if (status !== Status.Ok) throw new Error(`cannot have ${target}: ${status}`);
  }

  setAcl(target: string, acl: string): void {
    const { status } = this.byDevice({ type: 'Replace', target: `${target}?prop=ACL`, data: acl });
    if (status !== Status.Ok) throw new Error(`no ACL for ${target}: ${status}`);
  }

  /** The node at a URI without escapes, below the root. */
  at(uri: string): TreeNode | undefined {
    return this.forest.locate(uri.split('/').slice(1));
  }

  dump(): readonly Dump[] {
    return [this.local.dump(), this.mo.dump()];
  }
}
