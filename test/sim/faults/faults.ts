/** Deliberate faults: for each a line of the product that is replaced in a copy, and then the simulator must find it. */

/** One fault, as data. */
export interface Fault {
  readonly name: string;
  /** The rule that it breaks. */
  readonly rule: string;
  /** What goes wrong, in the words of somebody who reports it. */
  readonly what: string;
  /** The file that is changed, from the repository's root. */
  readonly file: string;
  /** What stands there exactly once. */
  readonly text: string;
  readonly replacement: string;
}

export const faults: readonly Fault[] = [
  {
    name: 'record-dropped',
    rule: 'M8',
    what: 'of a branch update one record in ten is passed over',
    file: 'src/replica/hub.ts',
    text: 'const command = records.filter(({ seq }) => seq > judged);',
    replacement: 'const command = records.filter(({ seq }) => seq > judged && seq % 10 !== 0);',
  },
  {
    name: 'counter-ignored',
    rule: 'T1',
    what: 'of two writes of one millisecond the one of the greater VM id wins, not the later one',
    file: 'src/replica/held-records.ts',
    text: '  const order = compareStamps(a.stamp, b.stamp);\n',
    replacement: `  const order = compareStamps({ ...a.stamp, counter: 0 }, { ...b.stamp, counter: 0 });
`,
  },
  {
    name: 'older-write-wins',
    rule: 'M1',
    what: 'of the writes of a register that wait and that are merged the older one wins',
    file: 'src/replica/held-records.ts',
    text: 'return order < 0 || (order === 0 && a.place === 0) ? b : a;',
    replacement: 'return order > 0 || (order === 0 && a.place === 0) ? b : a;',
  },
  {
    name: 'delete-loses',
    rule: 'M2',
    what: 'a node lives on when somebody wrote to it later than it was deleted',
    file: 'src/replica/fold.ts',
    text: `function ends(remove: DeleteRecord, add: AddRecord, { local }: MoNode): boolean {
`,
    replacement: `function ends(remove: DeleteRecord, add: AddRecord, { local, registers }: MoNode): boolean {
  for (const { records } of Object.values(registers))
    if (records.some(({ stamp }) => compareStamps(stamp, remove.stamp) > 0)) return false;
`,
  },
  {
    name: 'inherited-after-delete',
    rule: 'I2',
    what: 'a node that was deleted and added again has what was written before',
    file: 'src/replica/fold.ts',
    text: "    return entry.counts ? 'counts' : 'not';\n",
    replacement: "    return entry.counts || this.node(base.node)?.alive ? 'counts' : 'not';\n",
  },
  {
    name: 'acl-lost-below-rename',
    rule: 'I1',
    what: 'the ACLs of the children of a renamed node are forgotten',
    file: 'src/replica/mo-node.ts',
    text: "    return this.text('acl') ?? '';\n",
    replacement:
      "    return this.parentNode?.registers.name?.winner === undefined ? (this.text('acl') ?? '') : '';\n",
  },
  {
    name: 'rename-anew',
    rule: 'I1',
    what: 'a leaf is renamed by deleting it and adding it again under the new name',
    file: 'src/replica/draft.ts',
    text: "    if (target.name !== name) this.#set(target, { kind: 'name', text: name });\n",
    replacement: `    const { parentNode: parent, value } = target;
    if (parent === undefined || value === undefined) this.#set(target, { kind: 'name', text: name });
    else {
      this.deleteAlone(target);
      this.add(parent, name, { kind: 'leaf', value });
    }
`,
  },
  {
    name: 'half-atomic',
    rule: 'M7',
    what: 'the hub writes half of what it merged in one update and the rest in the next',
    file: 'src/replica/hub.ts',
    text: `    this.#unwritten = [];
    this.#unwrittenLocal = [];
    this.#meta`,
    replacement: `    const half = Math.ceil(records.length / 2);
    this.#unwritten = records.splice(half);
    this.#unwrittenLocal = [];
    this.#meta`,
  },
  {
    name: 'append-divided',
    rule: 'M7',
    what: 'what one turn gave is appended piece by piece, not in one step',
    file: 'src/vm/persistence.ts',
    text: 'if (appends.length > 0) writes.push(this.#storage.append(appends));',
    replacement: 'for (const append of appends) writes.push(this.#storage.append([append]));',
  },
  {
    name: 'exec-twice',
    rule: 'X2',
    what: 'after a crash nobody looks whether the handler had started',
    file: 'src/vm/exec-runner.ts',
    text: 'if (exec.started.has(vm) && handler?.isIdempotent !== true) {',
    replacement: 'if (exec.started.has(vm) && handler === undefined) {',
  },
  {
    name: 'exec-before-durable',
    rule: 'X2',
    what: 'a handler is called before it is durable that it started',
    file: 'src/vm/exec-runner.ts',
    text: 'await this.#host.whenSafe(exec.id, where);',
    replacement: 'void this.#host.whenSafe(exec.id, where);',
  },
  {
    name: 'exec-safe-at-hub-alone',
    rule: 'X2',
    what: 'a handler is called when its start is durable at the hub, though not here',
    file: 'src/vm/exec-desk.ts',
    text: `    }
    await this.#whenStored();
`,
    replacement: `      return;
    }
    await this.#whenStored();
`,
  },
  {
    name: 'outcome-told-twice',
    rule: 'X4',
    what: 'the outcome of an Exec is told with everything that is learnt of it afterwards',
    file: 'src/vm/exec-desk.ts',
    text: 'if (told.hasOutcome || exec.isAcknowledged) return;',
    replacement: 'if (exec.isAcknowledged) return;',
  },
  {
    name: 'acknowledged-before-durable',
    rule: 'Y2',
    what: 'a command is answered before the storage has it',
    file: 'src/vm/vm.ts',
    text: "if (command.type !== 'Get') await this.#stored();",
    replacement: "if (command.type !== 'Get') this.#stored().catch(() => undefined);",
  },
  {
    name: 'cut-loses-sent',
    rule: 'D2',
    what: 'what was on its way when the connection broke is not sent again',
    file: 'src/replica/outbox.ts',
    text: '    this.#unsent = new Set([...this.#sent, ...this.#unsent]);\n',
    replacement: '',
  },
  {
    name: 'merged-twice',
    rule: 'D2',
    what: 'the hub does not remember how far it has judged a VM, and merges again what is sent again',
    file: 'src/replica/life-marks.ts',
    text: '    mark.seq = seq;\n',
    replacement: '',
  },
  {
    name: 'wrong-node-parked',
    rule: 'M4',
    what: 'of two nodes of one name the one that had it first is parked',
    file: 'src/replica/slots.ts',
    text: 'return compareStamps(a.nameStamp, b.nameStamp) || (a.id < b.id ? -1 : 1);',
    replacement: 'return compareStamps(b.nameStamp, a.nameStamp) || (a.id < b.id ? -1 : 1);',
  },
  {
    name: 'occurrence-ignored',
    rule: 'M5',
    what: 'concurrent Adds exceed an upper bound of Occurrence',
    file: 'src/replica/slots.ts',
    text: 'return name === undefined && occurrence.max !== Number.POSITIVE_INFINITY;',
    replacement: 'return name === undefined && occurrence.max < 0;',
  },
  {
    name: 'local-rule-ignored',
    rule: 'S1',
    what: 'what is to stay in a VM is shared',
    file: 'src/replica/scope.ts',
    text: "    return this.share === 'local';\n",
    replacement: '    return false;\n',
  },
  {
    name: 'local-sent',
    rule: 'S1',
    what: 'records of what stays in a VM are sent to the hub, or written into main by it',
    file: 'src/replica/replica.ts',
    text: '      : (fold.node(node)?.local ?? false);\n',
    replacement: '      : false;\n',
  },
  {
    name: 'from-not-judged',
    rule: 'S1',
    what: 'any VM writes what one VM alone may write: neither the command nor the hub refuses it',
    file: 'src/replica/scope.ts',
    text: 'return this.writer === undefined || this.writer === vm;',
    replacement: 'return true;',
  },
  {
    name: 'from-judged-by-hub-alone',
    rule: 'S1',
    what: 'a command writes what another VM alone may write, and is refused when it is too late',
    file: 'src/replica/scope.ts',
    text: 'this.isWritable = this.isWritableBy(vm);',
    replacement: "this.isWritable = vm !== '';",
  },
  {
    name: 'conflict-not-told',
    rule: 'M8',
    what: 'renames that lost to a concurrent one are not reported',
    file: 'src/replica/hub.ts',
    text: 'for (const conflict of decide(rivalries, this.#state.fold)) this.#noteConflict(conflict);',
    replacement: `for (const conflict of decide(rivalries, this.#state.fold))
      if (conflict.lost.content.kind !== 'name') this.#noteConflict(conflict);`,
  },
  {
    name: 'clock-not-shifted',
    rule: 'T3',
    what: 'what a wrong clock stamped is not moved to when it was written',
    file: 'src/replica/follower.ts',
    text: 'if (isClockOff || outbox.hasRefusedStamp || moved.size > 0)',
    replacement: 'if (outbox.hasRefusedStamp || moved.size > 0)',
  },
  {
    name: 'hub-time-not-learnt',
    rule: 'T3',
    what: "a VM goes on stamping by its own clock after it has learnt the hub's time",
    file: 'src/replica/state.ts',
    text: '    this.#offsetMs = (this.#offsetMs ?? 0) + behind;\n',
    replacement: '',
  },
  {
    name: 'slow-reader-forgotten',
    rule: 'Y6',
    what: 'a slow reader is not sent the difference that makes up for dropped updates',
    file: 'src/sync/hub-session.ts',
    text: 'if (isBehind) return open.served.hub.missing(sentVector);',
    replacement: 'if (isBehind) return undefined;',
  },
  {
    name: 'cleaning-drops',
    rule: 'D5',
    what: 'cleaning the log drops records that are needed',
    file: 'src/replica/main.ts',
    text: 'if (element !== undefined && this.#isLive(element)) kept.push(element);',
    replacement: 'if (element !== undefined && !this.#isLive(element)) kept.push(element);',
  },
  {
    name: 'beaten-too-early',
    rule: 'D5',
    what: 'a beaten write is let go though a late Delete may yet end its winner alone',
    file: 'src/replica/contested.ts',
    text: 'if (compareStamps(record.stamp, keeper.stamp) > 0 || !outlives(keeper.base, record.base, adds))',
    replacement: 'if (compareStamps(record.stamp, keeper.stamp) > 0)',
  },
  {
    name: 'snapshot-without-outbox',
    rule: 'Y2',
    what: 'a snapshot takes the place of the journal, and leaves out what waits to be sent',
    file: 'src/replica/core.ts',
    text: '      outbox: [...this.outbox.commands()].map(pendingOf),\n',
    replacement: '      outbox: [],\n',
  },
  {
    name: 'snapshot-without-local',
    rule: 'Y2',
    what: 'a snapshot takes the place of the journal, and leaves out what stays in the VM',
    file: 'src/replica/core.ts',
    text: '      local: [...this.localRecords()],\n',
    replacement: '      local: [],\n',
  },
  {
    name: 'delete-forgotten-at-restart',
    rule: 'M2',
    what: 'a VM that begins anew does not read the Deletes in its log',
    file: 'src/replica/restore.ts',
    text: '      merged: [...this.#main.records()],\n',
    replacement:
      "      merged: [...this.#main.records()].filter(({ content }) => content.kind !== 'delete'),\n",
  },
  {
    name: 'timestamp-stands-still',
    rule: 'P1',
    what: 'a change of a property is not seen in TStamp and VerNo',
    file: 'src/replica/mo-node.ts',
    text: '    for (const register in this.registers) {\n',
    replacement: "    for (const register of ['value', 'name', 'type']) {\n",
  },
  {
    name: 'removal-not-told',
    rule: 'M4',
    what: 'nobody hears when a node leaves the tree and stays alive',
    file: 'src/replica/changes.ts',
    text: '        if (isInTree(node.parentNode)) removed.push',
    replacement: '        if (isInTree(node.parentNode) && !node.alive) removed.push',
  },
  {
    name: 'heartbeat-goes-on',
    rule: 'Y6',
    what: 'a connection that is over goes on ticking',
    file: 'src/vm/follower-link.ts',
    text: '      stopHeartbeat();\n',
    replacement: '      void stopHeartbeat;\n',
  },
];

/** The file with the fault in it. Throws an Error when the text to be replaced is not there exactly once. */
export function withFault({ name, file, text, replacement }: Fault, source: string): string {
  const count = source.split(text).length - 1;
  if (count !== 1) throw new Error(`the fault ${name} replaces what is ${count} times in ${file}: ${text}`);
  return source.replace(text, () => replacement);
}
